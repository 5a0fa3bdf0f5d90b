/// Elements of which the first, by an order of its own, is always at hand.
struct BinaryHeap<Element> {
  private(set) var elements: [Element] = []
  private let comesBefore: (Element, Element) -> Bool

  init(_ comesBefore: @escaping (Element, Element) -> Bool) { self.comesBefore = comesBefore }

  /// The first element.
  var first: Element? { elements.first }

  /// Adds an element.
  mutating func insert(_ element: Element) {
    elements.append(element)
    var index = elements.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      guard comesBefore(elements[index], elements[parent]) else { break }
      elements.swapAt(index, parent)
      index = parent
    }
  }

  /// Takes the first element out and puts another one in. On an empty heap it only puts it in.
  mutating func replaceFirst(with element: Element) {
    if elements.isEmpty { return elements.append(element) }
    elements[0] = element
    sink()
  }

  /// Takes the first element out.
  mutating func removeFirst() {
    guard let last = elements.popLast(), !elements.isEmpty else { return }
    elements[0] = last
    sink()
  }

  /// Takes all elements out, in no order.
  mutating func removeAll() -> [Element] {
    defer { elements = [] }
    return elements
  }

  /// Moves the element at the top down to where it belongs.
  private mutating func sink() {
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < elements.count {
        if comesBefore(elements[child], elements[least]) { least = child }
      }
      guard least != index else { return }
      elements.swapAt(index, least)
      index = least
    }
  }
}
