package dev.likeness.integrations.spark;

import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.util.DoubleAccumulator;
import org.apache.spark.util.LongAccumulator;

/**
 * The metrics of a job in Spark's web UI, on the page of its stage.
 *
 * @param done people with headshots of this job
 * @param reused people whose headshots an earlier job had generated
 * @param refused people whose row or photos cannot be used
 * @param failed people for whom a machine failed
 * @param trainingSteps computed training steps
 * @param resumed trainings that went on from a saved state
 * @param images written images
 * @param smallerBatches attempts that were repeated in a smaller batch
 * @param opened base models that executors opened
 * @param openSeconds seconds for opening them
 * @param workSeconds seconds of the work on people and images
 */
record JobCounters(
    LongAccumulator done,
    LongAccumulator reused,
    LongAccumulator refused,
    LongAccumulator failed,
    LongAccumulator trainingSteps,
    LongAccumulator resumed,
    LongAccumulator images,
    LongAccumulator smallerBatches,
    LongAccumulator opened,
    DoubleAccumulator openSeconds,
    DoubleAccumulator workSeconds)
    implements Serializable {
  static JobCounters of(SparkContext context) {
    return new JobCounters(
        context.longAccumulator("likeness: done"),
        context.longAccumulator("likeness: reused"),
        context.longAccumulator("likeness: refused"),
        context.longAccumulator("likeness: failed"),
        context.longAccumulator("likeness: training steps"),
        context.longAccumulator("likeness: trainings resumed"),
        context.longAccumulator("likeness: images"),
        context.longAccumulator("likeness: smaller batches"),
        context.longAccumulator("likeness: base models opened"),
        context.doubleAccumulator("likeness: seconds of opening"),
        context.doubleAccumulator("likeness: seconds of work"));
  }

  void count(PersonResult result) {
    switch (result.status()) {
      case DONE -> (result.isReused() ? reused : done).add(1);
      case REFUSED -> refused.add(1);
      case FAILED -> failed.add(1);
    }
    workSeconds.add(result.isReused() ? 0 : result.seconds());
  }

  /** Opens the model of the running task, and counts it if this task opens it. */
  ExecutorModel model(JobSettings settings) {
    long start = System.nanoTime();
    return ExecutorModel.get(settings, () -> {
      opened.add(1);
      openSeconds.add((System.nanoTime() - start) / 1e9);
    });
  }
}
