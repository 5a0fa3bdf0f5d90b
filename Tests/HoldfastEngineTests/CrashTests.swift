import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Power loss and errors at every single disk operation.
@Suite struct CrashTests {
  /// How many disk operations the workload takes, its opening included, when nothing fails.
  private func count(encrypted: Bool) throws -> Int {
    let disk = try makeDisk()
    let before = disk.operationCount
    let workload = Workload(disk, try makeOptions(disk, encrypted: encrypted))
    try workload.run()
    let operations = disk.operationCount - before
    #expect(workload.refusals == 0)
    try workload.checkVisible()
    workload.drop()
    return operations
  }

  @Test(
    "power loss at any disk operation leaves a prefix with everything acknowledged", arguments: [false, true])
  func powerLoss(encrypted: Bool) throws {
    let operations = try count(encrypted: encrypted)
    #expect(operations > 120)
    for operation in 1...operations {
      let disk = try makeDisk(seed: UInt64(operation))
      let options = try makeOptions(disk, encrypted: encrypted)
      let workload = Workload(disk, options)
      disk.schedule(operation % 3 == 0 ? .tornWrite : .crash, at: disk.operationCount + operation)
      try workload.run()
      workload.drop()
      disk.crash()
      disk.clearFaults()
      try workload.check(on: disk, "power loss at operation \(operation) of \(operations)")
    }
  }

  @Test("power loss during recovery, and during the recovery from that, changes nothing")
  func powerLossDuringRecovery() throws {
    let operations = try count(encrypted: true)
    for operation in stride(from: 3, through: operations, by: 37) {
      for second in stride(from: 1, through: 60, by: 3) {
        let disk = try makeDisk(seed: UInt64(operation * 1000 + second))
        let options = try makeOptions(disk, encrypted: true)
        let workload = Workload(disk, options)
        disk.schedule(.crash, at: disk.operationCount + operation)
        try workload.run()
        workload.drop()
        for later in [second, second + 5] {
          disk.crash()
          disk.clearFaults()
          disk.schedule(.crash, at: disk.operationCount + later)
          // Whether it gets through or not, the next opening must find the same.
          if let storage = try? Storage.open(path, options) { withExtendedLifetime(storage) {} }
        }
        disk.crash()
        disk.clearFaults()
        try workload.check(on: disk, "power loss at \(operation), in recovery at \(second)")
      }
    }
  }

  @Test(
    "an error of any disk operation either changes nothing or is said to have an unknown outcome",
    arguments: [EIO, ENOSPC])
  func errors(code: Int32) throws {
    let operations = try count(encrypted: false)
    for operation in 1...operations {
      let disk = try makeDisk(seed: UInt64(operation))
      let workload = Workload(disk, try makeOptions(disk))
      disk.schedule(.error(code, .once), at: disk.operationCount + operation)
      try workload.run()
      try workload.checkVisible()
      workload.drop()
      disk.clearFaults()
      operation % 2 == 0 ? disk.crash() : disk.killProcess()
      try workload.check(on: disk, "errno \(code) at operation \(operation) of \(operations)")
    }
  }

  @Test("a disk that fails for good from any operation on loses nothing that was acknowledged")
  func failsForGood() throws {
    let operations = try count(encrypted: false)
    for operation in 1...operations {
      let disk = try makeDisk(seed: UInt64(operation))
      let workload = Workload(disk, try makeOptions(disk))
      disk.schedule(.error(EIO, .fromThenOn), at: disk.operationCount + operation)
      try workload.run()
      workload.drop()
      disk.clearFaults()
      disk.crash()
      try workload.check(on: disk, "EIO from operation \(operation) on")
    }
  }

  @Test("a failed sync that dropped the data never turns into a lost commit")
  func failedSyncs() throws {
    let operations = try count(encrypted: false)
    for operation in 1...operations {
      let disk = try makeDisk(seed: UInt64(operation))
      let workload = Workload(disk, try makeOptions(disk))
      disk.schedule(.failedSyncDroppingData, at: disk.operationCount + operation)
      try workload.run()
      workload.drop()
      disk.clearFaults()
      disk.crash()
      try workload.check(on: disk, "failed sync at or after operation \(operation)")
    }
  }

  @Test("the same seed takes the same course")
  func deterministic() throws {
    func trace() throws -> (Int, [String]) {
      let disk = try makeDisk(seed: 5)
      let workload = Workload(disk, try makeOptions(disk, encrypted: true))
      disk.schedule(.crash, at: disk.operationCount + 150)
      try workload.run()
      workload.drop()
      disk.crash()
      return (disk.operationCount, disk.paths)
    }
    let (first, second) = (try trace(), try trace())
    #expect(first.0 == second.0)
    #expect(first.1 == second.1)
  }
}
