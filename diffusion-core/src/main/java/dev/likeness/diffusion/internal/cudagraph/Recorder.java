package dev.likeness.diffusion.internal.cudagraph;

/** Records what a piece of work asks of a device, to ask it again without the work's own code. */
@FunctionalInterface
public interface Recorder {
  /**
   * Records nothing: to replay is to do the work again. It shows on any device that replaying
   * changes no number.
   */
  Recorder REPEATING = work -> {
    work.run();
    return work::run;
  };

  /** What was recorded. */
  @FunctionalInterface
  interface Recording extends AutoCloseable {
    /**
     * Puts the same operations, over the same memory, into the device's queue; does not wait for
     * them.
     */
    void replay();

    @Override
    default void close() {}
  }

  /**
   * Records {@code work}, which reads and writes tensors that stay where they are. It is run at
   * least once on the way, over numbers that mean nothing.
   *
   * @throws RuntimeException when the device cannot record it
   */
  Recording record(Runnable work);
}
