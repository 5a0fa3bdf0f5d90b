/// When a commit is acknowledged, and so what a crash may take back. In every mode a crash leaves a prefix of
/// the history: if a commit survives, so does everything before it.
public enum Durability: Sendable, Equatable {
  /// Acknowledged when it is on the disk. Nothing that was acknowledged is lost.
  case safe
  /// Acknowledged at once; synced so often that never more than `operations` acknowledged operations are
  /// unsynced, nor any for longer than `milliseconds`.
  case batch(operations: Int, milliseconds: Int)
  /// Acknowledged at once; on the disk after `persist()`, a checkpoint, or a `safe` commit.
  case unsafe

  /// The mode that promises more; between two batches, the smaller bounds.
  public static func strongest(_ a: Durability, _ b: Durability) -> Durability {
    switch (a, b) {
    case (.safe, _), (_, .safe): .safe
    case (.unsafe, let other), (let other, .unsafe): other
    case (.batch(let n, let t), .batch(let m, let u)): .batch(operations: min(n, m), milliseconds: min(t, u))
    }
  }
}
