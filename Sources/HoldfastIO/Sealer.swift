import Crypto

// `Data` is what the cryptographic library returns; it is used nowhere else.
#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// AES-256-GCM under one key: hides bytes and proves that neither they nor what they were bound to was
/// changed.
public struct Sealer: Sendable {
  /// The length of every tag in bytes.
  public static let tagSize = 16

  private let key: SymmetricKey

  /// A sealer that uses `key`.
  public init(_ key: SecretKey) {
    self.key = key.symmetric
  }

  /// Encrypts `plaintext` into `ciphertext`, which must be as long, and writes 16 bytes of tag.
  ///
  /// The tag covers the ciphertext, the nonce and the bytes in `authenticating`, which are not stored.
  /// `plaintext` and `ciphertext` may be the same memory. After an error the destination is unchanged.
  public func seal(
    _ plaintext: UnsafeRawBufferPointer, nonce: Nonce, authenticating associated: UnsafeRawBufferPointer,
    into ciphertext: UnsafeMutableRawBufferPointer, tag: UnsafeMutableRawPointer
  ) throws(SealingError) {
    guard ciphertext.count == plaintext.count else { throw Sealer.lengthsDiffer }
    do {
      let box = try AES.GCM.seal(
        plaintext.neverNull, using: key, nonce: try Sealer.libraryNonce(nonce),
        authenticating: associated.neverNull)
      let copied = box.withCombinedBytes { combined in
        guard combined.count == Nonce.size + plaintext.count + Sealer.tagSize else { return false }
        let tagStart = combined.count - Sealer.tagSize
        ciphertext.copyMemory(from: UnsafeRawBufferPointer(rebasing: combined[Nonce.size..<tagStart]))
        UnsafeMutableRawBufferPointer(start: tag, count: Sealer.tagSize)
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: combined[tagStart...]))
        return true
      }
      guard copied else { throw SealingError.failed("a sealed box of unexpected length") }
    } catch {
      throw Sealer.translated(error)
    }
  }

  /// Checks and decrypts `ciphertext` into `plaintext`, which must be as long.
  ///
  /// Throws ``SealingError/authenticationFailed`` when the key, the nonce, `authenticating`, the ciphertext
  /// or the tag is not what was sealed; then the destination is unchanged. `ciphertext` and `plaintext` may
  /// be the same memory.
  public func open(
    _ ciphertext: UnsafeRawBufferPointer, nonce: Nonce, authenticating associated: UnsafeRawBufferPointer,
    tag: UnsafeRawPointer, into plaintext: UnsafeMutableRawBufferPointer
  ) throws(SealingError) {
    guard plaintext.count == ciphertext.count else { throw Sealer.lengthsDiffer }
    let box: AES.GCM.SealedBox
    do {
      box = try AES.GCM.SealedBox(
        nonce: try Sealer.libraryNonce(nonce), ciphertext: ciphertext.neverNull,
        tag: UnsafeRawBufferPointer(start: tag, count: Sealer.tagSize))
    } catch {
      throw Sealer.translated(error)
    }
    let opened: Data
    do {
      opened = try AES.GCM.open(box, using: key, authenticating: associated.neverNull)
    } catch {
      // Every length was checked by now, so there is nothing else left that can be wrong. (The library says
      // `authenticationFailure` on Darwin only, and elsewhere some number of the code below it.)
      throw .authenticationFailed
    }
    let copied = opened.withUnsafeBytes { bytes in
      guard bytes.count == plaintext.count else { return false }
      plaintext.copyMemory(from: bytes)
      return true
    }
    guard copied else { throw .failed("a plaintext of unexpected length") }
  }

  private static var lengthsDiffer: SealingError {
    .invalidParameters("plaintext and ciphertext must have the same length")
  }

  private static func libraryNonce(_ nonce: Nonce) throws -> AES.GCM.Nonce {
    try nonce.withUnsafeBytes { (bytes) throws(any Error) in try AES.GCM.Nonce(data: bytes) }
  }

  private static func translated(_ error: any Error) -> SealingError {
    (error as? SealingError) ?? .failed("\(error)")
  }
}

extension AES.GCM.SealedBox {
  /// Calls `body` with nonce, ciphertext and tag in one piece.
  fileprivate func withCombinedBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    // There is one for every nonce of 12 bytes, and there are no others here.
    (combined ?? Data()).withUnsafeBytes(body)
  }
}
