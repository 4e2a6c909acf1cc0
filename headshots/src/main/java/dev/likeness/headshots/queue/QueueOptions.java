package dev.likeness.headshots.queue;

/**
 * How much a queue does at once. Immutable.
 *
 * @param workers jobs that run at once, at least 1
 * @param capacity jobs that may wait, at least 1
 * @param memoryBytes what the running jobs may need together, by their own estimates
 */
public record QueueOptions(int workers, int capacity, long memoryBytes) {
  public QueueOptions {
    if (workers < 1 || capacity < 1 || memoryBytes < 1) {
      throw new IllegalArgumentException(
          "a queue has at least 1 worker, room for 1 job and 1 byte, given " + workers + ", "
              + capacity + " and " + memoryBytes);
    }
  }

  /** Two at once, so that one draws while another decodes; 64 waiting; no bound on memory. */
  public static QueueOptions defaults() {
    return new QueueOptions(2, 64, Long.MAX_VALUE);
  }

  public QueueOptions workers(int n) {
    return new QueueOptions(n, capacity, memoryBytes);
  }

  public QueueOptions capacity(int n) {
    return new QueueOptions(workers, n, memoryBytes);
  }

  public QueueOptions memoryBytes(long n) {
    return new QueueOptions(workers, capacity, n);
  }
}
