import HoldfastIO
import HoldfastTestSupport

/// A seeded sequence of operations of every kind. Errors are part of it.
struct RandomWorkload {
  var random: SplitMix64
  private let names = ["/a", "/b", "/d", "/d/a", "/d/b", "/d/e", "/d/e/a", "/e/a"]

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
  }

  /// Runs `operations` steps, and a crash or a kill now and then.
  func run(on disk: SimulatedDisk, operations: Int, crashes: Bool = false) {
    var random = random
    var files: [any File] = []
    for _ in 0..<operations {
      let name = names[random.below(names.count)]
      let other = names[random.below(names.count)]
      let offset = UInt64(random.below(40_000))
      let length = random.below(3) == 0 ? random.below(20_000) : random.below(600)
      let byte = UInt8(random.below(256))
      let file = files.isEmpty ? nil : files[random.below(files.count)]
      do {
        switch random.below(crashes ? 102 : 100) {
        case 0..<8: files.append(try disk.open(name, .create))
        case 8..<14: files.append(try disk.open(name, .readWrite))
        case 14..<18: try disk.createDirectory(name)
        case 18..<22: try disk.remove(name)
        case 22..<30: try disk.rename(name, to: other)
        case 30..<36: try disk.syncDirectory(["/", "/d", "/d/e", "/e"][random.below(4)])
        case 36..<42: _ = try disk.list("/d")
        case 42..<45: _ = try disk.information(at: name)
        case 45..<70: try file?.write([UInt8](repeating: byte, count: length), at: offset)
        case 70..<80: _ = try file?.read(length, at: offset)
        case 80..<85: try file?.truncate(to: offset)
        case 85..<95: try file?.sync()
        case 95..<97: _ = try file?.lock(byte % 2 == 0 ? .shared : .exclusive)
        case 97..<100:
          guard !files.isEmpty else { continue }
          files.remove(at: random.below(files.count)).close()
        case 100: disk.crash()
        default: disk.killProcess()
        }
      } catch {
        continue
      }
    }
    for file in files { file.close() }
  }
}
