package dev.likeness.diffusion.request;

/** An opened ControlNet, which threads and requests share. */
public interface ControlNet extends AutoCloseable {
  /** {@return the name of the ControlNet's folder or file} */
  String name();

  /** {@return the number of control modes; 0 for a ControlNet with one kind of control images} */
  int modeCount();

  /**
   * {@return the number of a control mode}
   *
   * @param mode a name, such as {@code openpose}, {@code depth} or {@code canny} of SDXL's union
   *     ControlNets, or a number
   * @throws IllegalArgumentException if there is no such mode; the message lists the modes
   */
  int mode(String mode);

  /**
   * Checks that a control image has a mode, if there are several.
   *
   * @param mode the image's control mode, or -1 for none
   * @throws IllegalArgumentException if a mode is needed; the message lists the modes
   */
  void requireMode(int mode);

  /** {@return true if one call of the network takes all of a request's control images for it} */
  boolean isUnion();

  /** Frees the ControlNet once no request uses it. */
  @Override
  void close();
}
