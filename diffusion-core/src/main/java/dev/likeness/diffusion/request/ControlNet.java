package dev.likeness.diffusion.request;

/** An opened ControlNet. Thread-safe; several requests can use it. */
public interface ControlNet extends AutoCloseable {
  /** {@return the name of the ControlNet's folder or file} */
  String name();

  /**
   * {@return the number of control modes; 0 if the ControlNet accepts only one kind of control
   * images}
   */
  int modeCount();

  /**
   * {@return the number of a control mode}
   *
   * @param mode a number as text, or a name such as {@code openpose}, {@code depth} or
   *     {@code canny} of SDXL's union ControlNets
   * @throws IllegalArgumentException if there is no mode of this name; the message lists the modes.
   *     This method does not check a number; {@link ControlImage#mode(int)} does
   */
  int mode(String mode);

  /**
   * If the ControlNet has several control modes, checks that a control image has one of them.
   *
   * @param control the control image
   * @throws IllegalArgumentException if the ControlNet has several modes and the control image has
   *     none; the message lists the modes
   */
  void requireMode(ControlImage control);

  /**
   * {@return true for a union ControlNet} One call of a union ControlNet processes all control
   * images that a request has for this ControlNet.
   */
  boolean isUnion();

  /**
   * {@return the memory in bytes of its weights while requests use it}
   * {@link dev.likeness.diffusion.tensor.MemoryBudget#reserve} leaves it to the ControlNet.
   */
  long memoryBytes();

  /** Frees the ControlNet once no request uses it. */
  @Override
  void close();
}
