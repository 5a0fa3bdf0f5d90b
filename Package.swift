// swift-tools-version:6.2
import PackageDescription

/// In CI a warning is an error. Elsewhere a newer compiler's new warnings must not keep anybody from building.
let settings: [SwiftSetting] = Context.environment["HOLDFAST_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

let package = Package(
  name: "holdfast",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "HoldfastEngine", targets: ["HoldfastEngine"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    .target(name: "CHoldfast"),
    .target(
      name: "HoldfastIO",
      dependencies: [
        "CHoldfast", .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ], swiftSettings: settings),
    .target(name: "HoldfastLog", dependencies: ["HoldfastIO"], swiftSettings: settings),
    .target(
      name: "HoldfastEngine",
      dependencies: [
        "HoldfastIO", "HoldfastLog", .product(name: "HashTreeCollections", package: "swift-collections"),
      ], swiftSettings: settings),
    .target(name: "HoldfastTestSupport", dependencies: ["HoldfastIO"], swiftSettings: settings),
    .testTarget(
      name: "HoldfastIOTests", dependencies: ["HoldfastIO", "HoldfastTestSupport"], swiftSettings: settings),
    .testTarget(
      name: "HoldfastLogTests", dependencies: ["HoldfastLog", "HoldfastTestSupport"], swiftSettings: settings),
    .testTarget(
      name: "HoldfastEngineTests", dependencies: ["HoldfastEngine", "HoldfastTestSupport"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
