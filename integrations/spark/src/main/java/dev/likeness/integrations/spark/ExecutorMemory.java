package dev.likeness.integrations.spark;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.TrainingMemory;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.SetVerdict;
import org.apache.spark.SparkConf;

/**
 * The memory that an executor process needs outside its Java heap: libtorch keeps weights and
 * activations there. If Spark's settings do not include this memory, the cluster manager can end
 * the process. Immutable.
 *
 * @param weights bytes of the base's weights, which all tasks of the process share
 * @param task bytes of one task: the training or the shoot, whichever needs more
 * @param process bytes of Java and libtorch themselves
 * @param tasks number of tasks that run at once in one process
 */
public record ExecutorMemory(long weights, long task, long process, int tasks) {
  /** Name of Spark's setting for the memory of an executor outside its Java heap. */
  public static final String OVERHEAD = "spark.executor.memoryOverhead";

  private static final double SPARE = 1.15;
  private static final int MIB = 20;

  /**
   * {@return the memory of an executor that trains with the default settings of a headshot studio}
   *
   * @param base the open base model, on the device of the executors. On a GPU, the activations are
   *     in the GPU's memory and do not count
   * @param request the largest shoot of all tasks
   * @param tasks number of tasks that run at once in one process, at least 1
   * @throws IllegalArgumentException if {@code tasks} is below 1
   */
  public static ExecutorMemory of(BaseModel base, ShootRequest request, int tasks) {
    return of(
        base, HeadshotStudio.on(base).trainer().settings(SetVerdict.MAX_PHOTOS), request, tasks);
  }

  /**
   * {@return the memory of an executor that trains with the given settings}
   *
   * @param base the open base model, on the device of the executors. On a GPU, the activations are
   *     in the GPU's memory and do not count
   * @param training the training settings
   * @param request the largest shoot of all tasks
   * @param tasks number of tasks that run at once in one process, at least 1
   * @throws IllegalArgumentException if {@code tasks} is below 1
   */
  public static ExecutorMemory of(
      BaseModel base, TrainingSettings training, ShootRequest request, int tasks) {
    if (tasks < 1) {
      throw new IllegalArgumentException(
          "the number of tasks in an executor must be at least 1, got " + tasks);
    }
    TrainingMemory trained = new LoraTrainer(training).memory(base);
    long onDevice = Math.max(
        trained.trained() + trained.activations() + trained.generation(),
        HeadshotStudio.on(base).memoryBytes(request));
    return new ExecutorMemory(
        trained.weights(),
        base.compute().isCpu() ? onDevice : trained.trained(),
        trained.process(),
        tasks);
  }

  /** {@return the sum of the weights, the process and all tasks at once, plus 15 %, in MiB} */
  public long overheadMiB() {
    return (long) Math.ceil(SPARE * (weights + tasks * task + process) / (1L << MIB));
  }

  /**
   * Sets {@code spark.executor.memoryOverhead} if the configuration does not contain this setting.
   * Call this method before the Spark context starts.
   *
   * @param configuration the configuration to change
   * @return the given configuration
   */
  public SparkConf applyTo(SparkConf configuration) {
    return configuration.setIfMissing(OVERHEAD, overheadMiB() + "m");
  }
}
