package dev.likeness.diffusion.request;

/**
 * An opened ControlNet. Shared by threads and by requests; closing it waits for the requests that
 * use it.
 */
public interface ControlNet extends AutoCloseable {
  /** Name of its folder or file. */
  String name();

  /**
   * Number of control modes that it is told apart by; 0 for a ControlNet of one kind of control
   * images.
   */
  int modeCount();

  /**
   * The number of a control mode.
   *
   * @param mode its name, as {@code openpose}, {@code depth}, {@code canny} of union ControlNets of
   *     SDXL, or the number itself
   * @throws IllegalArgumentException naming the modes that there are
   */
  int mode(String mode);

  /**
   * Refuses a control image without a mode, where there are several.
   *
   * @param mode the image's, or -1
   * @throws IllegalArgumentException naming the modes that there are
   */
  void requireMode(int mode);

  /** Whether it is given all of a request's control images for it at once. */
  boolean isUnion();

  @Override
  void close();
}
