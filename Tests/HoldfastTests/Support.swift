import Foundation
import Holdfast
import HoldfastIO
import HoldfastTestSupport
import Testing

/// A folder that is removed when it is released.
final class Folder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("holdfast-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// All files below, with their bytes.
  func contents() throws -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: url.path) {
      guard let data = FileManager.default.contents(atPath: path(name)), !isFolder(path(name)) else {
        continue
      }
      result[name] = [UInt8](data)
    }
    return result
  }

  private func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}

/// A database on a simulated disk, whose every run is the same.
struct SimulatedPlace {
  let disk: SimulatedDisk
  let clock = SimulatedClock()
  let random: SeededRandom
  let path = "/data/app.holdfast"

  init(seed: UInt64 = 1) throws {
    disk = SimulatedDisk(seed: seed)
    random = SeededRandom(seed: seed)
    try disk.createDirectory("/data")
    try disk.syncDirectory("/")
  }

  func options(_ credential: Credential = .none) -> DatabaseOptions {
    var options = DatabaseOptions(credential: credential)
    options.passwordCost = .cheap
    options.fileSystem = disk
    options.clock = clock
    options.random = random
    options.hasBackgroundThread = false
    options.segmentBytes = 64 * 1024...256 * 1024
    return options
  }

  func open(_ options: DatabaseOptions? = nil) throws -> Database {
    try Database.open(at: path, options ?? self.options())
  }
}

/// The code of the error that `body` throws.
func code(_ body: () throws -> Void) -> HoldfastError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? HoldfastError)?.code
  }
}

/// Options for real files with a cheap password.
func withPassword(_ password: String) -> DatabaseOptions {
  var options = DatabaseOptions(credential: .password(password))
  options.passwordCost = .cheap
  return options
}

func contains(_ bytes: [UInt8], _ text: String) -> Bool {
  Data(bytes).range(of: Data(text.utf8)) != nil
}

/// The permissions of a file.
func mode(_ path: String) throws -> Int? {
  try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
}
