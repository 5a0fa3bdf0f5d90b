internal import HoldfastIO

/// The folder beside a database for files that are needed for a moment: `app.holdfast-temp`. It is there only
/// while such a file is being made.
///
/// A file loses its name as soon as it is open, so that it ends with its last use, however the process ends. A
/// crash between the two steps leaves an empty file behind, which the next opening for writing removes. Several
/// processes may use the folder at once, when all of them have the database open for reading.
struct TemporaryFolder: Sendable {
  /// What the names of the files begin with; sixteen hexadecimal digits follow.
  static let prefix = "sort-"
  /// How often making a file is tried when other users of the folder come in between.
  private static let attempts = 16

  /// The path of the folder.
  let path: String
  let fileSystem: any FileSystem
  let random: any RandomSource

  init(database: String, fileSystem: any FileSystem, random: any RandomSource) {
    path = database + "-temp"
    self.fileSystem = fileSystem
    self.random = random
  }

  /// A new, empty file without a name.
  func makeFile() throws(IOError) -> any File {
    var attempt = 0
    while true {
      attempt += 1
      let digits = String(random.next(), radix: 16)
      let name = path + "/" + Self.prefix + String(repeating: "0", count: 16 - digits.count) + digits
      do throws(IOError) {
        return try makeFile(name)
      } catch {
        guard attempt < Self.attempts else { throw error }
        switch error.errorClass {
        case .notFound: try makeFolder()
        case .exists: break
        default: throw error
        }
      }
    }
  }

  private func makeFile(_ name: String) throws(IOError) -> any File {
    let file = try fileSystem.open(name, .create)
    do throws(IOError) {
      try fileSystem.remove(name)
      return file
    } catch {
      file.close()
      try? fileSystem.remove(name)
      throw error
    }
  }

  private func makeFolder() throws(IOError) {
    do throws(IOError) {
      try fileSystem.createDirectory(path)
    } catch {
      guard error.errorClass == .exists else { throw error }
    }
  }

  /// Removes the folder unless somebody is making a file in it. Failing is no harm.
  func removeIfEmpty() {
    guard isThere else { return }
    try? fileSystem.remove(path)
  }

  /// Whether there is a folder of this name; a file would be somebody else's.
  private var isThere: Bool { (try? fileSystem.information(at: path))?.kind == .directory }

  /// Removes what a crash left over. Only for whoever has the database open for writing, so that nobody else
  /// is making files. Failing is no harm: nothing is ever read from there.
  func removeLeftovers() {
    guard isThere else { return }
    let names = (try? fileSystem.list(path)) ?? []
    for name in names where name.hasPrefix(Self.prefix) { try? fileSystem.remove(path + "/" + name) }
    try? fileSystem.remove(path)
  }
}
