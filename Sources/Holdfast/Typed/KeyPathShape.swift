/// What can be said about a key path without applying it, from its debug description. That is no source of
/// names, as it depends on what the compiler left in the program, but it tells what is better not applied.
struct KeyPathShape {
  /// The description without the root type: `.address?.city`, `.tags.<computed 0x0… (String)>`.
  private let text: String
  private let root: String
  private let value: String

  init<Root, Value>(_ keyPath: KeyPath<Root, Value>) {
    root = "\(Root.self)"
    value = "\(Value.self)"
    let description = keyPath.debugDescription
    let prefix = "\\" + root
    text = description.hasPrefix(prefix) ? String(description.dropFirst(prefix.count)) : description
  }

  private var hasNames: Bool { !text.contains("<") && !text.contains("0x") }

  /// For messages: `\User.address.city`, or the types where there are no names.
  var description: String { hasNames ? "\\\(root)\(text)" : "from \(root) to \(value)" }

  /// Whether an optional is unwrapped by force, which traps for `nil`.
  var forcesOptional: Bool { hasNames ? text.contains("!") : text.contains("!.") || text.hasSuffix("!") }

  /// Whether it goes through an element or a property of an array or a dictionary, which traps where there is
  /// none.
  func entersCollection(in element: Any) -> Bool {
    if hasNames { return false }
    // What is before the first property without a name, and then what such properties themselves give.
    let parts = text.split(separator: "<computed", omittingEmptySubsequences: false).map(String.init)
    let before = Self.value(at: parts[0], in: element)
    if let before, before is any Collection, !(before is String) { return true }
    return parts.dropFirst().dropLast().contains { part in
      ["(Array<", "(ArraySlice<", "(ContiguousArray<", "(Dictionary<", "(Set<"].contains { part.contains($0) }
    }
  }

  /// Whether all of it are stored properties.
  func isStored(in element: Any) -> Bool { hasNames && Self.value(at: text, in: element) != nil }

  /// The value that the names lead to.
  private static func value(at names: String, in element: Any) -> Any? {
    var value = element
    for name in names.split(separator: ".") {
      let name = name.filter { $0 != "?" && $0 != "!" }
      if name == "self" { continue }
      var mirror: Mirror? = Mirror(reflecting: value)
      if let some = mirror, some.displayStyle == .optional {
        guard let wrapped = some.children.first?.value else { return nil }
        mirror = Mirror(reflecting: wrapped)
      }
      var child: Any?
      while child == nil, let level = mirror {
        child = level.children.first { $0.label == name }?.value
        mirror = level.superclassMirror
      }
      guard let child else { return nil }
      value = child
    }
    if case let mirror = Mirror(reflecting: value), mirror.displayStyle == .optional {
      return mirror.children.first?.value ?? value
    }
    return value
  }
}
