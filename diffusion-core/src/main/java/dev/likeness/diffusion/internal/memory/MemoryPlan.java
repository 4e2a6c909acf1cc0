package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.DeviceMemory;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a model is kept in memory so that generating one image at a time stays within a budget. The
 * plan is made from the files' headers, before a tensor is loaded; {@link #toString} prints it. It
 * counts the ControlNets for which the budget reserves memory; adapters of requests need additional
 * memory.
 */
public final class MemoryPlan {
  /** Memory that the plan does not count, such as buffers of libraries. */
  private static final long EXTRA_BYTES = 256L << 20;

  private static final String UNCALIBRATED =
      "8-bit products without a calibration: convolutions are not multiplied in 8 bits; likeness"
          + " calibrate makes a calibration, which is faster";

  private static final long UNKNOWN_PROGRAM = 512L << 20;

  private final MemoryBudget budget;
  private final Compute compute;
  private final Map<String, WeightResidence> residences;
  private final boolean isVaeTiled;
  private final MemoryEstimate estimate;
  private final long processBytes;

  private MemoryPlan(
      MemoryBudget budget,
      Compute compute,
      Map<String, WeightResidence> residences,
      boolean isVaeTiled,
      MemoryEstimate estimate,
      long processBytes) {
    this.budget = estimate.activations().withDefaultSize(budget);
    this.compute = compute;
    this.residences = residences;
    this.isVaeTiled = isVaeTiled;
    this.estimate = estimate;
    this.processBytes = processBytes;
  }

  /**
   * The plan for a budget: the first of {@link #choices} that fits.
   *
   * @param model the name of the model in messages
   * @param needs the estimate from the headers of its files
   * @throws ResourceLimitException if no choice fits, with the memory that the smallest needs; or
   *     if the device does not support products in 8 bits
   */
  public static MemoryPlan of(
      String model, MemoryEstimate needs, Compute wanted, MemoryBudget budget) {
    requireProducts(wanted, budget);
    return switch (budget.allow8Bit()) {
      case NEVER, IF_NEEDED -> fitting(model, needs, wanted, budget);
      case WEIGHTS, PRODUCTS ->
        budget.isLimited() ? fitting(model, needs, wanted, budget) : mapped(needs, wanted, budget);
    };
  }

  private static MemoryPlan mapped(MemoryEstimate needs, Compute wanted, MemoryBudget budget) {
    Map<String, WeightResidence> residences =
        all(needs, WeightResidence.MAPPED, loaded(needs, wanted, budget));
    return new MemoryPlan(budget, wanted, residences, false, needs, 0);
  }

  private static MemoryPlan fitting(
      String model, MemoryEstimate needs, Compute wanted, MemoryBudget budget) {
    List<MemoryPlan> choices = choices(needs, wanted, budget);
    MemoryPlan smallest = choices.get(choices.size() - 1);
    return choices.stream()
        .filter(plan -> plan.peak() <= budget.bytes())
        .findFirst()
        .orElseThrow(() -> new ResourceLimitException(model + " needs "
            + MemoryEstimate.Figures.of(smallest.peak(), budget.bytes()).need()
            + " for an image of "
            + smallest.budget.width().getAsInt() + "x"
            + smallest.budget.height().getAsInt() + " even "
            + smallest.description() + "; the budget is "
            + MemoryEstimate.Figures.of(smallest.peak(), budget.bytes()).limit()
            + ": give more memory, "
            + (fitsInBf16(needs, wanted, budget) ? "compute in bf16 (--dtype bf16), " : "")
            + (budget.allow8Bit() == EightBits.PRODUCTS && wanted.isCpu()
                ? "turn 8-bit matrix products off, "
                : "")
            + "or use a smaller image"));
  }

  private static boolean fitsInBf16(MemoryEstimate needs, Compute wanted, MemoryBudget budget) {
    return wanted.dtype() == DType.F32
        && choices(needs, wanted.withDtype(DType.BF16), budget).stream()
            .anyMatch(plan -> plan.peak() <= budget.bytes());
  }

  /**
   * All plans, including those that do not fit: all components loaded; the autoencoder in strips;
   * text encoders streamed layer by layer; the network in 8 bits, if the budget allows it; the
   * network streamed block by block. A UNet is not streamed, nor is a network that a CPU multiplies
   * in 8 bits. The element type is the requested one.
   */
  public static List<MemoryPlan> choices(
      MemoryEstimate needs, Compute compute, MemoryBudget budget) {
    boolean chained = needs.network().equals("transformer");
    long program = processBytes(compute);
    List<MemoryPlan> choices = new ArrayList<>();
    WeightResidence whole = loaded(needs, compute, budget);
    WeightResidence streamed =
        whole.multipliesF8() ? WeightResidence.F8_STREAMED : WeightResidence.STREAMED;
    Map<String, WeightResidence> resident = all(needs, WeightResidence.RESIDENT, whole);
    choices.add(new MemoryPlan(budget, compute, resident, false, needs, program));
    choices.add(new MemoryPlan(budget, compute, resident, true, needs, program));
    for (WeightResidence network : WeightResidence.values()) {
      boolean allowed = network == whole
          || chained && network == streamed && whole != WeightResidence.INT8_MATMUL
          || network == int8Residence(needs) && budget.allow8Bit() == EightBits.IF_NEEDED;
      if (allowed) {
        choices.add(new MemoryPlan(
            budget, compute, all(needs, WeightResidence.STREAMED, network), true, needs, program));
      }
    }
    return choices;
  }

  /**
   * Refuses a device that does not multiply in 8 bits, if the budget wants such products.
   *
   * @throws ResourceLimitException if so
   */
  public static void requireProducts(Compute compute, MemoryBudget budget) {
    if (budget.allow8Bit() == EightBits.PRODUCTS && !compute.hasEightBitProducts()) {
      // Without VNNI, sums of bytes would overflow.
      throw new ResourceLimitException(
          "8-bit matrix products need a CPU with VNNI (avx512_vnni, avx_vnni or amx_int8 in"
              + " /proc/cpuinfo) or a GPU of compute capability 8.9 or newer; "
              + (compute.isCpu() ? "this CPU has no VNNI" : compute.device() + " is not such a GPU")
              + "; turn 8-bit matrix products off");
    }
  }

  /** Returns how the network is kept if memory suffices. */
  private static WeightResidence loaded(
      MemoryEstimate needs, Compute compute, MemoryBudget budget) {
    return switch (budget.allow8Bit()) {
      case NEVER, IF_NEEDED -> WeightResidence.RESIDENT;
      case WEIGHTS -> int8Residence(needs);
      case PRODUCTS -> compute.isCpu() ? WeightResidence.INT8_MATMUL : WeightResidence.F8_MATMUL;
    };
  }

  /**
   * Blocks of a transformer are dequantised as a whole, one ahead; those of a UNet are too large
   * for that.
   */
  private static WeightResidence int8Residence(MemoryEstimate needs) {
    return needs.network().equals("transformer")
        ? WeightResidence.INT8_BLOCKS
        : WeightResidence.INT8_MATRICES;
  }

  private static Map<String, WeightResidence> all(
      MemoryEstimate needs, WeightResidence texts, WeightResidence network) {
    Map<String, WeightResidence> residences = new LinkedHashMap<>();
    needs.components().forEach((part, size) -> {
      boolean keepsF8 = network.multipliesF8()
          && texts != WeightResidence.STREAMED
          && size.blocks().inF8() > 0;
      WeightResidence other = part.equals("vae")
          ? WeightResidence.RESIDENT
          : keepsF8 ? WeightResidence.F8_MATRICES : texts;
      residences.put(part, part.equals(needs.network()) ? network : other);
    });
    return residences;
  }

  /**
   * The memory of the process before the plan's work: on a CPU its resident memory, on a GPU its
   * tensors.
   */
  private static long processBytes(Compute compute) {
    long taken = DeviceMemory.find(compute).map(DeviceMemory::reserved).orElse(0L);
    return !compute.isCpu()
        ? taken
        : EXTRA_BYTES + (taken == DeviceMemory.UNKNOWN ? UNKNOWN_PROGRAM : taken);
  }

  /** The device and the element type. */
  public Compute compute() {
    return compute;
  }

  /** How a component's tensors are kept in memory. */
  public WeightResidence residence(String component) {
    return residences.getOrDefault(component, WeightResidence.RESIDENT);
  }

  /** Returns the notices of this plan; none if it has none. */
  public Stream<String> notices(boolean isCalibrated) {
    return !isCalibrated && residences.containsValue(WeightResidence.INT8_MATMUL)
        ? Stream.of(UNCALIBRATED)
        : Stream.of();
  }

  /** Returns true if the autoencoder works in strips. */
  public boolean isVaeTiled() {
    return isVaeTiled;
  }

  /** The peak memory for an image of the budget's size, in bytes, including the program. */
  public long peak() {
    return peak(
        budget.width().getAsInt(),
        budget.height().getAsInt(),
        budget.batchSize().orElse(estimate.activations().rows()));
  }

  private long peak(int width, int height, int rows) {
    return processBytes
        + budget.reserved()
        + estimate.peak(
            residences, isVaeTiled, compute.dtype().bits() / Byte.SIZE, width, height, rows);
  }

  /**
   * Refuses an image that exceeds the plan.
   *
   * @param rows the batch size for one image: 2 with guidance
   * @throws ResourceLimitException if the image needs more memory; the message says how much
   */
  public void require(int width, int height, int rows) {
    long need = peak(width, height, rows);
    if (need > budget.bytes()) {
      MemoryEstimate.Figures figures = MemoryEstimate.Figures.of(need, budget.bytes());
      throw new ResourceLimitException("an image of " + width + "x" + height + " takes "
          + figures.need() + " of memory, the budget is " + figures.limit()
          + "; open the model with a budget for this size, or use a smaller size");
    }
  }

  private String description() {
    return "with "
        + residences.entrySet().stream()
            .map(part -> part.getKey() + " " + part.getValue().description())
            .collect(Collectors.joining(", "))
        + " in " + compute.dtype().name().toLowerCase(Locale.ROOT);
  }

  /** One line for each component, then the sums and the memory of the device. */
  @Override
  public String toString() {
    int bytes = compute.dtype().bits() / Byte.SIZE;
    StringBuilder text =
        new StringBuilder("memory for one image of " + budget.width().getAsInt() + "x"
            + budget.height().getAsInt() + " on " + compute + ", "
            + (budget.isLimited() ? "budget " + MemoryEstimate.gib(budget.bytes()) : "no limit")
            + "\n");
    estimate
        .components()
        .forEach((part, size) -> text.append(String.format(
            Locale.ROOT,
            "  %-16s %9s  %s%n",
            part,
            MemoryEstimate.gib(size.bytes(residences.get(part), bytes, true)),
            residences.get(part).description()
                + (part.equals("vae") && isVaeTiled ? ", working in strips" : ""))));
    if (budget.reserved() > 0) {
      text.append(String.format(
          Locale.ROOT, "  %-16s %9s%n", "other networks", MemoryEstimate.gib(budget.reserved())));
    }
    return text.append(String.format(
            Locale.ROOT,
            "  %-16s %9s%n  %-16s %9s%n  %-16s  %s",
            "program",
            MemoryEstimate.gib(processBytes),
            "at most",
            MemoryEstimate.gib(peak()),
            compute.device() + " has",
            DeviceMemory.find(compute).map(DeviceMemory::toString).orElse("unknown")))
        .toString();
  }
}
