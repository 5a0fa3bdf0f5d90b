import ArgumentParser
import Holdfast

/// What every command on a database takes.
struct DatabaseArguments: ParsableArguments {
  @Argument(help: "The database's file.", completion: .file())
  var database: String

  @Option(help: "Read the password from the first line of this file.", completion: .file())
  var passwordFile: String?

  @Flag(help: "Print results and failures as JSON.")
  var json = false

  /// Opens the database; asks for the password when one is needed and somebody is there.
  func open(forWriting: Bool = false, createsIfMissing: Bool = false) throws -> Database {
    var options = DatabaseOptions(isReadOnly: !forWriting)
    options.createsIfMissing = createsIfMissing
    let password = try Passwords.given(file: passwordFile)
    if let password { options.credential = .password(password) }
    do throws(HoldfastError) {
      return try Database.open(at: database, options)
    } catch {
      guard error.code == .authenticationFailed, password == nil, Passwords.canAsk else { throw error }
    }
    options.credential = .password(try Passwords.ask(for: database))
    return try Database.open(at: database, options)
  }

  /// Runs `body` on the open database and closes it whatever happens.
  func with<R>(forWriting: Bool = false, createsIfMissing: Bool = false, _ body: (Database) throws -> R)
    throws -> R
  {
    let database = try open(forWriting: forWriting, createsIfMissing: createsIfMissing)
    let result: R
    do {
      result = try body(database)
    } catch {
      // The first failure is the one to tell; what was acknowledged is safe in any case.
      try? database.close()
      throw error
    }
    try database.close()
    return result
  }
}

/// A command on one collection.
struct CollectionArguments: ParsableArguments {
  @OptionGroup var base: DatabaseArguments

  @Argument(help: "The collection's name.")
  var collection: String

  /// Reads the collection.
  /// - Parameter emptyIfMissing: whether one that is not there reads as an empty one.
  func read<R>(emptyIfMissing: Bool = false, _ body: (SnapshotCollection) throws -> R) throws -> R {
    try base.with { try read($0, emptyIfMissing: emptyIfMissing, body) }
  }

  /// Reads the collection of an open database.
  func read<R>(
    _ database: Database, emptyIfMissing: Bool = false, _ body: (SnapshotCollection) throws -> R
  ) throws -> R {
    try database.read { snapshot in
      if !emptyIfMissing { try demand(in: try snapshot.collections()) }
      return try body(snapshot.collection(collection))
    }
  }

  /// Changes the collection.
  /// - Parameter makesIt: whether it is made when it is not there.
  func change<R>(makesIt: Bool = false, _ body: (DocumentCollection) throws -> R) throws -> R {
    try base.with(forWriting: true) { database in
      if !makesIt { try demand(in: try database.collections()) }
      return try body(database.collection(collection))
    }
  }

  /// Prints what a command did, for programs or for people.
  func report(_ result: Document, _ text: String) throws {
    var json: Document = ["collection": .string(collection)]
    for (name, value) in result { json.append(name, value) }
    try StandardOutput.write((base.json ? json.extendedJSON() : text) + "\n")
  }

  private func demand(in collections: [String]) throws {
    guard collections.contains(where: { $0.utf8.elementsEqual(collection.utf8) }) else {
      throw ToolFailure(
        .notFound, "collectionNotFound",
        "\(base.database) has no collection of this name: 'holdfast collections \(base.database)' lists them")
    }
  }
}

/// How documents are printed.
enum DocumentFormat: String, ExpressibleByArgument, CaseIterable {
  case relaxed, canonical

  var mode: ExtendedJSONMode {
    switch self {
    case .relaxed: .relaxed
    case .canonical: .canonical
    }
  }
}
