package dev.likeness.cli.inspect;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.family.TrainingTarget.Distillation;
import dev.likeness.diffusion.internal.memory.HeadersAlone;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.model.PlannedFiles;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DeviceMemory;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.TrainingPreset;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The memory that a base needs for an image and for the training of a LoRA, and whether this
 * machine has it: the estimates of {@link PlannedFiles} and {@link LoraTrainer#memory}, which
 * {@code generate --memory} and {@code train} use too. Only headers of weights are read.
 */
public final class BaseMemory {
  /** The number of photos does not change the memory. */
  private static final int PHOTOS = 10;

  private final Compute compute = Compute.best();
  private final Optional<DeviceMemory> here = DeviceMemory.find(compute);
  private final Map<String, String> lines = new LinkedHashMap<>();

  private BaseMemory() {}

  /**
   * Returns the estimates for a base: {@code memory} and {@code fits} of an image, {@code training}
   * and {@code trains} of a LoRA. In place of an estimate that cannot be made stands the reason.
   *
   * @param base a folder or file; of its weights, only the headers have to be there
   */
  public static Map<String, String> of(Path base) {
    BaseMemory found = new BaseMemory();
    found.add("memory", base, found::addImage);
    found.add("training", base, files -> found.addTraining(base));
    return found.lines;
  }

  private void add(String name, Path base, Consumer<ModelComponents> estimate) {
    try {
      ModelComponents files = ModelOpener.open(base);
      FamilyRegistry.build(files.describe(), () -> {
        estimate.accept(files);
        return lines;
      });
    } catch (LikenessException e) {
      lines.put(name, "unknown: " + e.getMessage());
    }
  }

  /** Adds the memory of an image by precision, and whether this machine has it. */
  private void addImage(ModelComponents files) {
    List<MemoryPlan> own = PlannedFiles.choices(files, compute, MemoryBudget.unlimited());
    long least = own.stream().mapToLong(MemoryPlan::peak).min().orElseThrow();
    Map<String, Long> needs = new LinkedHashMap<>();
    for (String dtype : List.of("f32", "bf16")) {
      needs.put(
          dtype,
          PlannedFiles.choices(files, Compute.of(compute.device(), dtype), MemoryBudget.unlimited())
              .get(0)
              .peak());
    }
    needs.put(
        "8 bits",
        PlannedFiles.choices(files, compute, MemoryBudget.unlimited().allow8Bit(EightBits.WEIGHTS))
            .get(0)
            .peak());
    needs.put("at least", least);
    lines.put(
        "memory",
        needs.entrySet().stream()
                .map(each -> each.getKey() + " " + gibibytes(each.getValue()))
                .collect(Collectors.joining(", "))
            + ", for one image");
    here.ifPresent(memory -> lines.put(
        "fits",
        fits(memory.total(), own.get(0).peak(), needs.get("8 bits"), least) + "; "
            + compute.device() + " has " + gibibytes(memory.total()) + ", "
            + gibibytes(memory.free()) + " of them free"));
  }

  private String fits(long total, long own, long eightBits, long least) {
    return own <= total
        ? "yes, in " + dtype()
        : eightBits <= total
            ? "with --eight-bits"
            : least <= total ? "with generate --memory" : "no";
  }

  /** Adds the memory of the training of a LoRA, and with which settings this machine has it. */
  private void addTraining(Path base) {
    try (HeadersAlone headers = HeadersAlone.open();
        BaseModel model = BaseModel.open(base, compute)) {
      Optional<String> refusal = refusal(model);
      if (refusal.isPresent()) {
        lines.put("trains", "no; " + refusal.get());
        return;
      }
      int side = model.defaults().width();
      LoraTrainer trainer = trainer(model);
      lines.put(
          "training",
          gibibytes(bytes(trainer.settings(), model, side)) + ", "
              + gibibytes(bytes(trainer.settings().gradientCheckpointing(true), model, side))
              + " with gradient checkpointing, for a LoRA of rank "
              + trainer.settings().rank() + " in " + dtype() + " at " + side + "x" + side);
      here.ifPresent(
          memory -> lines.put("trains", trains(trainer, model, memory.total()) + adapter(model)));
    }
  }

  /** Returns the trainer of {@code train}, with one image in a batch. */
  static LoraTrainer trainer(BaseModel model) {
    return new LoraTrainer(TrainingPreset.BALANCED.of(model, PHOTOS).batchSize(1));
  }

  private static long bytes(TrainingSettings settings, BaseModel model, int side) {
    return new LoraTrainer(settings).memory(model, side, side).bytes();
  }

  private static Optional<String> refusal(BaseModel model) {
    try {
      TrainingTarget.of(EngineAccess.model(model));
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** Returns whether a training fits into a memory, and how {@code train} makes it fit. */
  static String trains(LoraTrainer asked, BaseModel model, long bytes) {
    TrainingSettings fitting;
    try {
      fitting = asked.fitting(model, false, bytes).settings();
    } catch (ResourceLimitException e) {
      return "no";
    }
    List<String> savings = new ArrayList<>();
    if (fitting.gradientCheckpointing() != asked.settings().gradientCheckpointing()) {
      savings.add("gradient checkpointing");
    }
    if (fitting.optimizer() != asked.settings().optimizer()) {
      savings.add("8-bit AdamW");
    }
    if (fitting.rank() != asked.settings().rank()) {
      savings.add("rank " + fitting.rank());
    }
    return savings.isEmpty() ? "yes" : "with " + String.join(", ", savings);
  }

  /** Returns what the training of a distilled base needs beside memory. */
  private static String adapter(BaseModel model) {
    return TrainingTarget.of(EngineAccess.model(model)).distillation() == Distillation.CERTAIN
        ? "; this distilled base needs a training adapter"
        : "";
  }

  private String dtype() {
    return compute.dtype().name().toLowerCase(Locale.ROOT);
  }

  private static String gibibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
  }
}
