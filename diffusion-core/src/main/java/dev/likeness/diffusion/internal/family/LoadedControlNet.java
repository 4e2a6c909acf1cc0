package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** An opened ControlNet with its tensors. Subclasses of the families have the network. */
public abstract class LoadedControlNet implements ControlNet {
  private final String name;
  private final Compute compute;
  private final LoadedWeights weights;
  private final Modes modes;
  private final UsageLock usageLock;

  /**
   * The control modes of a ControlNet.
   *
   * @param count the number of modes
   * @param names the names of each mode, in order; empty if none are published
   */
  public record Modes(int count, List<List<String>> names) {
    private OptionalInt indexOf(String name) {
      return IntStream.range(0, names.size())
          .filter(i -> names.get(i).contains(name))
          .findFirst();
    }

    private String advice() {
      return names.isEmpty()
          ? "give its number (--control-mode)"
          : "give its name or number (--control-mode): "
              + IntStream.range(0, count)
                  .mapToObj(i -> i + " " + String.join("/", names.get(i)))
                  .collect(Collectors.joining(", "));
    }
  }

  protected LoadedControlNet(String name, Compute compute, LoadedWeights weights, Modes modes) {
    this.name = name;
    this.compute = compute;
    this.weights = weights;
    this.modes = modes;
    this.usageLock = new UsageLock("ControlNet " + name);
  }

  /** The engine's side of a handle. */
  public static LoadedControlNet of(ControlNet net) {
    return (LoadedControlNet) net;
  }

  /** The kind of bases that it is for, for messages. */
  public abstract String baseKind();

  /** Returns true if its input is latents of the control image, instead of pixels. */
  public abstract boolean takesLatents();

  /**
   * Refuses a base with another device or element type.
   *
   * @throws IllegalArgumentException if they differ
   */
  public final void requireSameCompute(Compute base) {
    if (!canonical(base).equals(canonical(compute))) {
      throw new IllegalArgumentException("ControlNet " + name + " uses " + compute
          + ", but the base uses " + base + "; open both with the same Compute");
    }
  }

  // "cuda" is the first GPU.
  private static String canonical(Compute compute) {
    return compute.toString().replace("cuda:0 ", "cuda ");
  }

  @Override
  public final void requireMode(ControlImage control) {
    if (modeCount() > 0 && control.mode().isEmpty()) {
      throw new IllegalArgumentException("ControlNet " + name + " has " + modeCount()
          + " control modes and needs one for each control image; " + modes.advice());
    }
  }

  @Override
  public final int modeCount() {
    return modes.count;
  }

  @Override
  public final int mode(String mode) {
    if (mode.matches("-?\\d{1,9}")) {
      return Integer.parseInt(mode);
    }
    return modes
        .indexOf(mode)
        .orElseThrow(() -> new IllegalArgumentException("none of the " + modes.count
            + " control modes of ControlNet " + name + " is called \"" + mode + "\"; "
            + modes.advice()));
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final long memoryBytes() {
    return weights.names().stream()
        .mapToLong(name -> LongStream.of(weights.shape(name)).reduce(1, (a, b) -> a * b)
            * compute.dtype().bits()
            / Byte.SIZE)
        .sum();
  }

  protected final LoadedWeights weights() {
    return weights;
  }

  /** The lock that keeps it open while requests use it. */
  public final UsageLock usageLock() {
    return usageLock;
  }

  @Override
  public final void close() {
    usageLock.close(weights::close);
  }
}
