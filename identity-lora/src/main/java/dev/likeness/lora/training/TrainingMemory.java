package dev.likeness.lora.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.lora.LoraTraining;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.internal.training.TrainableDelta;
import dev.likeness.lora.internal.training.TrainingMemoryEstimator;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a training takes of memory at its height, reckoned before it begins: of the resident memory
 * of the process (Linux's {@code VmHWM}), Java and libtorch included.
 *
 * @param weights bytes of the base's own networks
 * @param learned bytes of what is learned, its gradients, the optimiser's state and the average
 * @param activations bytes that the way forward keeps for the way back
 * @param drawing bytes that the autoencoder takes for pictures drawn on the way: previews, and
 *     pictures of the class
 * @param process bytes of Java and libtorch themselves
 */
public record TrainingMemory(
    long weights, long learned, long activations, long drawing, long process) {
  private static final long PROCESS = 400L << 20;
  private static final int F32 = 4;

  /**
   * Reckons for pictures of that size; {@code whole} for {@link dev.likeness.lora.DreamBooth},
   * {@code watched} with {@link ValidationOptions}.
   */
  public static TrainingMemory of(
      LoraTraining settings,
      BaseModel base,
      int width,
      int height,
      boolean whole,
      boolean watched) {
    OpenModel model = base.unwrap(OpenModel.class);
    int bytes = model.compute().dtype().bits() / Byte.SIZE;
    int factor = model.autoencoder().factor();
    Set<ModelComponent> taught = EnumSet.of(TrainingTarget.of(model).part());
    if (settings.textEncoder()) {
      TrainingTarget.of(model).towers().forEach(tower -> taught.add(tower.part()));
    }
    TrainingMemoryEstimator count = new TrainingMemoryEstimator(
        model,
        width / factor * (height / factor),
        layer -> whole ? taught.contains(layer.part()) : settings.includes(layer));
    double kept = settings.options().recompute() ? count.twice() : count.all();
    int rows = settings.batch() * (settings.priorPictures() > 0 ? 2 : 1);
    long numbers = Arrays.stream(ModelComponent.values())
        .mapToLong(part -> numbers(model, part))
        .sum();
    long drawing = watched || settings.priorPictures() > 0
        ? model.autoencoder().decodingMemory(width, height)
        : 0;
    long each = whole ? whole(settings.options(), bytes) : each(settings.options(), F32);
    long learned = (whole
            ? taught.stream().mapToLong(part -> numbers(model, part)).sum()
            : factors(settings, model))
        * (each + (watched ? best(settings.options(), whole, bytes) : 0));
    return new TrainingMemory(bytes * numbers, learned, (long) (kept * rows), drawing, PROCESS);
  }

  private static long numbers(OpenModel model, ModelComponent part) {
    return model.tensorNames(part).stream()
        .mapToLong(name -> Arrays.stream(model.tensorShape(part, name)).reduce(1, (a, b) -> a * b))
        .sum();
  }

  private static long factors(LoraTraining settings, OpenModel model) {
    return LayerTable.of(model).layers().stream()
        .filter(settings::includes)
        .mapToLong(layer -> TrainableDelta.count(settings, layer))
        .sum();
  }

  /**
   * The same of a whole network: its weights in another type than they are learned in are made anew
   * for each step.
   */
  private static long whole(OptimizerOptions options, int bytes) {
    return options.rounded()
        ? each(options, bytes)
        : each(options, F32) + (bytes == F32 ? 0 : bytes);
  }

  /**
   * The same of the best look: itself, and of a whole network what is drawn with where that is
   * another type.
   */
  private static int best(OptimizerOptions options, boolean whole, int bytes) {
    boolean own = !whole || bytes == F32 || options.rounded();
    return (whole && options.rounded() ? bytes : F32) + (own ? 0 : bytes);
  }

  /** Bytes for each number that is learned: itself, its gradient, the optimiser's, its average. */
  private static long each(OptimizerOptions options, int bytes) {
    return 2L * bytes
        + (options.ema() == 0 ? 0 : F32)
        + switch (options.optimizer()) {
          case ADAMW -> 2 * F32;
          case ADAMW_8BIT -> 2;
          case LION -> F32;
          case ADAFACTOR -> 1;
          case PRODIGY -> 4 * F32;
        };
  }

  /** All of it. */
  public long bytes() {
    return weights + learned + activations + drawing + process;
  }

  @Override
  public String toString() {
    return mib(bytes()) + " MiB: " + mib(weights) + " of weights, " + mib(learned)
        + " of what is learned, " + mib(activations) + " of activations, "
        + (drawing > 0 ? mib(drawing) + " of drawing, " : "") + mib(process) + " of the process";
  }

  private static long mib(long bytes) {
    return bytes >> 20;
  }
}
