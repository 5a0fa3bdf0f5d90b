#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Real threads, one for each client.
enum ClientThreads {
  /// `@unchecked Sendable`: only its thread touches it until that thread has been joined.
  private final class Job<Result>: @unchecked Sendable {
    private let body: () -> Result
    private(set) var result: Result?

    init(_ body: @escaping () -> Result) { self.body = body }

    func run() { result = body() }
  }

  /// What a thread runs, without its type of result, which C cannot pass on.
  private final class Start {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  /// Runs `body` on `count` threads at once, each with its number, waits for all, and returns the results in
  /// the order of the numbers.
  static func run<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) -> [Result] {
    let jobs = (0..<count).map { number in Job { body(number) } }
    #if canImport(Darwin)
      var threads: [pthread_t?] = Array(repeating: nil, count: count)
    #else
      var threads: [pthread_t] = Array(repeating: 0, count: count)
    #endif
    for (number, job) in jobs.enumerated() {
      let start = Unmanaged.passRetained(Start(job.run))
      let code = pthread_create(
        &threads[number], nil,
        { pointer in
          #if canImport(Darwin)
            let start = Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue()
          #else
            guard let pointer else { return nil }
            let start = Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue()
          #endif
          start.run()
          return nil
        }, start.toOpaque())
      precondition(code == 0, "a thread for a client did not start: error \(code); use fewer clients")
    }
    for thread in threads {
      #if canImport(Darwin)
        if let thread { pthread_join(thread, nil) }
      #else
        pthread_join(thread, nil)
      #endif
    }
    return jobs.compactMap(\.result)
  }
}
