// Queries by typed filters. What a key path or a value of a filter fails for is thrown here.
extension TypedDocuments {
  /// The values that match a filter, in an array. For what may be many, use ``scan(where:sort:skip:limit:hint:)``.
  ///
  ///     try users.find(where: \.age >= 18 && \.city == "Oslo", sort: .descending(\.age), .ascending(\.name))
  /// - Parameters:
  ///   - filter: which documents; all when it is left out.
  ///   - sort: their order; whatever order is at hand when it is left out.
  ///   - skip: how many to leave out at the beginning.
  ///   - limit: the most values; `nil` or 0 for all.
  ///   - hint: the index to use; `nil` for the one that the planner chooses.
  /// - Throws: ``HoldfastError/Code/invalidUse`` when a key path names no stored field,
  ///   ``HoldfastError/Code/invalidDocument`` when a document does not decode, and as
  ///   ``ReadableCollection/find(_:_:)``.
  public func find(
    where filter: TypedFilter<Element> = .all, sort: TypedSort<Element>..., skip: Int = 0, limit: Int? = nil,
    hint: IndexHint? = nil
  ) throws(HoldfastError) -> [Element] {
    try values(filter, TypedSort(sort), skip, limit, hint)
  }

  /// The values that match a filter, from the lowest value of a property to the highest.
  public func find<Value: Encodable>(
    where filter: TypedFilter<Element> = .all, sort: KeyPath<Element, Value>, skip: Int = 0,
    limit: Int? = nil, hint: IndexHint? = nil
  ) throws(HoldfastError) -> [Element] {
    try values(filter, .ascending(sort), skip, limit, hint)
  }

  /// The first value that matches a filter; `nil` when there is none.
  /// - Throws: as ``find(where:sort:skip:limit:hint:)-(_,TypedSort<Element>...,_,_,_)``.
  public func first(
    where filter: TypedFilter<Element> = .all, sort: TypedSort<Element>..., skip: Int = 0,
    hint: IndexHint? = nil
  ) throws(HoldfastError) -> Element? {
    try values(filter, TypedSort(sort), skip, 1, hint).first
  }

  /// Of the values that match a filter the one with the lowest value of a property; `nil` when there is none.
  public func first<Value: Encodable>(
    where filter: TypedFilter<Element> = .all, sort: KeyPath<Element, Value>, skip: Int = 0,
    hint: IndexHint? = nil
  ) throws(HoldfastError) -> Element? {
    try values(filter, .ascending(sort), skip, 1, hint).first
  }

  /// The values that match a filter, read and decoded as they are asked for. What fails is in the results.
  public func scan(
    where filter: TypedFilter<Element>, sort: TypedSort<Element>..., skip: Int = 0, limit: Int? = nil,
    hint: IndexHint? = nil
  ) -> some Sequence<Result<Element, HoldfastError>> {
    documents(filter, TypedSort(sort), skip, limit, hint).lazy.map { result in
      result.flatMap { document in Result { () throws(HoldfastError) in try decode(document) } }
    }
  }

  /// How many documents match a filter.
  public func count(where filter: TypedFilter<Element>) throws(HoldfastError) -> Int {
    try base.count(try filter.document())
  }

  /// Whether some document matches a filter.
  public func exists(where filter: TypedFilter<Element>) throws(HoldfastError) -> Bool {
    try base.exists(try filter.document())
  }

  /// How a query is run; see ``ReadableCollection/explain(_:_:depth:)``.
  public func explain(
    where filter: TypedFilter<Element>, sort: TypedSort<Element>..., limit: Int? = nil,
    depth: ExplainDepth = .counts
  ) throws(HoldfastError) -> Explanation {
    let sort = try TypedSort(sort).document()
    return try base.explain(
      try filter.document(), FindOptions(sort: sort.isEmpty ? nil : sort, limit: limit), depth: depth)
  }

  func values(
    _ filter: TypedFilter<Element>, _ sort: TypedSort<Element>, _ skip: Int, _ limit: Int?, _ hint: IndexHint?
  ) throws(HoldfastError) -> [Element] {
    var iterator = documents(filter, sort, skip, limit, hint).makeIterator()
    var values: [Element] = []
    while let document = try iterator.nextDocument() { values.append(try decode(document)) }
    return values
  }

  func documents(
    _ filter: TypedFilter<Element>, _ sort: TypedSort<Element>, _ skip: Int, _ limit: Int?, _ hint: IndexHint?
  ) -> Scan {
    do throws(HoldfastError) {
      let sort = try sort.document()
      let options = FindOptions(sort: sort.isEmpty ? nil : sort, skip: skip, limit: limit, hint: hint)
      return base.find(try filter.document(), options)
    } catch {
      return Scan { () throws(HoldfastError) in throw error }
    }
  }
}
