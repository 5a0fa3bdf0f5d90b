/// A name in a directory.
struct EntryPlace: Equatable {
  var directory: Int
  var name: String
}

/// A change of names that programs see and that is not on the medium yet.
struct DirectoryChange {
  var id: Int
  var inode: Int
  /// The name that begins to mean ``inode``.
  var added: EntryPlace?
  /// The name that ceases to mean ``inode``. With ``added`` in the same directory, both happen or neither.
  var removed: EntryPlace?
  /// A name that must mean ``inode`` on the medium for this change to reach it: nothing can be renamed there
  /// that was never created there.
  var required: EntryPlace?
  /// Another change that must be on the medium before this one, if it is still pending: a file is never lost
  /// halfway between two directories.
  var after: Int?

  func touches(_ directory: Int) -> Bool {
    added?.directory == directory || removed?.directory == directory
  }
}
