package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** An opened ControlNet with its tensors; its family knows the network. */
public abstract class LoadedControlNet implements ControlNet {
  private final String name;
  private final Compute compute;
  private final LoadedWeights weights;
  private final Modes modes;
  private final UsageLock usageLock;

  /**
   * The control modes that a ControlNet is told apart by.
   *
   * @param count how many
   * @param names names of each, in their order; empty where nobody has published any
   */
  public record Modes(int count, List<List<String>> names) {
    private OptionalInt indexOf(String name) {
      return IntStream.range(0, names.size())
          .filter(i -> names.get(i).contains(name))
          .findFirst();
    }

    private String advice() {
      return names.isEmpty()
          ? "say its number (--control-mode)"
          : "say its name or number (--control-mode): "
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

  /** The kind of bases that it is for, as errors call them. */
  public abstract String baseKind();

  /** Whether it is given latents of the control image rather than pixels. */
  public abstract boolean takesLatents();

  /**
   * Refuses a base that computes elsewhere or in another type.
   *
   * @throws IllegalArgumentException saying in which both do
   */
  public final void requireSameCompute(Compute base) {
    if (!canonical(base).equals(canonical(compute))) {
      throw new IllegalArgumentException("ControlNet " + name + " computes on " + compute
          + ", the base on " + base + "; open both with the same Compute");
    }
  }

  // A card without a number is the first.
  private static String canonical(Compute compute) {
    return compute.toString().replace("cuda:0 ", "cuda ");
  }

  @Override
  public final void requireMode(int mode) {
    if (modeCount() > 0 && mode < 0) {
      throw new IllegalArgumentException("ControlNet " + name + " has to be told which of its "
          + modeCount() + " kinds of images it is given; " + modes.advice());
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
        .orElseThrow(() -> new IllegalArgumentException("ControlNet " + name + " knows "
            + modes.count + " kinds of images, none called \"" + mode + "\"; " + modes.advice()));
  }

  @Override
  public final String name() {
    return name;
  }

  protected final LoadedWeights weights() {
    return weights;
  }

  /** The requests that use it. */
  public final UsageLock usageLock() {
    return usageLock;
  }

  @Override
  public final void close() {
    usageLock.close(weights::close);
  }
}
