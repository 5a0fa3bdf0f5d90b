// swift-tools-version:6.2
import PackageDescription

/// In CI a warning is an error. Elsewhere a newer compiler's new warnings must not keep anybody from
/// building.
let settings: [SwiftSetting] =
  Context.environment["HOLDFAST_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

/// The fuzz targets are tests. For libFuzzer, `Fuzzing/run` makes a program of the same files.
let fuzzing: Target = {
  let dependencies: [Target.Dependency] = [
    "BSON", "Holdfast", "HoldfastEngine", "HoldfastIO", "HoldfastLog", "HoldfastTestSupport",
  ]
  let path = "Tests/HoldfastFuzzTests"
  return Context.environment["HOLDFAST_FUZZ"] == nil
    ? .testTarget(
      name: "HoldfastFuzzTests", dependencies: dependencies, path: path, exclude: ["main.swift"],
      swiftSettings: settings)
    : .executableTarget(
      name: "HoldfastFuzz", dependencies: dependencies, path: path, exclude: ["FuzzTests.swift"],
      swiftSettings: settings)
}()

let package = Package(
  name: "holdfast",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "Holdfast", targets: ["Holdfast"]),
    .library(name: "BSON", targets: ["BSON"]),
    .library(name: "HoldfastC", type: .dynamic, targets: ["HoldfastC"]),
    .executable(name: "holdfast", targets: ["HoldfastTool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .target(name: "CHoldfast"),
    .target(
      name: "HoldfastIO",
      dependencies: [
        "CHoldfast", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ], swiftSettings: settings),
    .target(name: "HoldfastLog", dependencies: ["CHoldfast", "HoldfastIO"], swiftSettings: settings),
    .target(
      name: "HoldfastEngine",
      dependencies: [
        "CHoldfast", "HoldfastIO", "HoldfastLog",
        .product(name: "HashTreeCollections", package: "swift-collections"),
      ], swiftSettings: settings),
    .target(name: "BSON", swiftSettings: settings),
    .target(name: "HoldfastQuery", dependencies: ["BSON"], swiftSettings: settings),
    .target(
      name: "Holdfast", dependencies: ["BSON", "HoldfastEngine", "HoldfastIO", "HoldfastQuery"],
      swiftSettings: settings),
    // The header says what there is, and the compiler that it is what HoldfastC has.
    .target(name: "CHoldfastInterface"),
    .target(
      name: "HoldfastC", dependencies: ["BSON", "CHoldfast", "CHoldfastInterface", "Holdfast", "HoldfastIO"],
      swiftSettings: settings),
    // Not named after its product: where file names ignore case, `Holdfast` and `holdfast` would be one
    // folder.
    .executableTarget(
      name: "HoldfastTool",
      dependencies: [
        "BSON", "Holdfast", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings),
    .target(name: "HoldfastTestSupport", dependencies: ["HoldfastIO"], swiftSettings: settings),
    .target(
      name: "HoldfastSimulation",
      dependencies: ["HoldfastEngine", "HoldfastIO", "HoldfastLog", "HoldfastTestSupport"],
      swiftSettings: settings),
    .executableTarget(
      name: "simulate",
      dependencies: [
        "HoldfastSimulation", "HoldfastTestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/Simulate", swiftSettings: settings),
    .testTarget(name: "BSONTests", dependencies: ["BSON"], swiftSettings: settings),
    .testTarget(
      name: "HoldfastQueryTests", dependencies: ["BSON", "HoldfastQuery"], swiftSettings: settings),
    .testTarget(
      name: "HoldfastTests",
      dependencies: ["Holdfast", "HoldfastEngine", "HoldfastIO", "HoldfastQuery", "HoldfastTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "HoldfastToolTests", dependencies: ["Holdfast", "HoldfastTestSupport", "HoldfastTool"],
      swiftSettings: settings),
    // A program in C that uses the interface as programs in C do.
    .executableTarget(
      name: "HoldfastCProgram", dependencies: ["CHoldfastInterface", "HoldfastC"],
      path: "Tests/HoldfastCProgram"),
    .testTarget(
      name: "HoldfastCTests",
      dependencies: ["Holdfast", "HoldfastC", "HoldfastCProgram", "HoldfastTestSupport"],
      swiftSettings: settings),
    // The process that the disk tests kill, starve and cut off.
    .executableTarget(
      name: "HoldfastDiskWorker", dependencies: ["Holdfast", "HoldfastTestSupport"],
      path: "Tests/HoldfastDiskWorker", swiftSettings: settings),
    .testTarget(
      name: "HoldfastDiskTests",
      dependencies: ["Holdfast", "HoldfastDiskWorker", "HoldfastIO", "HoldfastTestSupport"],
      exclude: ["run-long"], swiftSettings: settings),
    .testTarget(
      name: "HoldfastIOTests", dependencies: ["HoldfastIO", "HoldfastTestSupport"], swiftSettings: settings),
    .testTarget(
      name: "HoldfastLogTests", dependencies: ["HoldfastLog", "HoldfastTestSupport"], swiftSettings: settings),
    .testTarget(
      name: "HoldfastEngineTests",
      dependencies: ["HoldfastEngine", "HoldfastSimulation", "HoldfastTestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "HoldfastIsolationTests", dependencies: ["Holdfast", "HoldfastTestSupport"],
      swiftSettings: settings),
    fuzzing,
  ],
  swiftLanguageModes: [.v6]
)
