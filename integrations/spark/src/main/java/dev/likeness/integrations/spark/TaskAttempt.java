package dev.likeness.integrations.spark;

import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;

/**
 * The attempt of a task that runs on this thread.
 *
 * @param number the number of the attempt, from 0
 * @param last true if Spark ends the whole job after a failure of this attempt
 * @param startNanos the time of the start
 * @param startCpuNanos the processor time of the thread at the start
 */
record TaskAttempt(int number, boolean last, long startNanos, long startCpuNanos) {
  private static final int USUAL_FAILURES = 4;

  static TaskAttempt current(int maxFailures) {
    TaskContext task = TaskContext.get();
    int number = task == null ? 0 : task.attemptNumber();
    return new TaskAttempt(number, number + 1 >= maxFailures, System.nanoTime(), cpuNanos());
  }

  private static long cpuNanos() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return threads.isCurrentThreadCpuTimeSupported() ? threads.getCurrentThreadCpuTime() : 0;
  }

  /** Returns the seconds since the start. */
  double seconds() {
    return rounded(System.nanoTime() - startNanos);
  }

  /** Returns the processor time of this thread since the start, in seconds. */
  double cpuSeconds() {
    return rounded(cpuNanos() - startCpuNanos);
  }

  private static double rounded(long nanos) {
    return Math.round(nanos / 1e6) / 1e3;
  }

  /** Returns how many failures of one task end a job: one in a local Spark. */
  static int maxFailures(SparkContext context) {
    String master = context.master();
    if (master.startsWith("local[") && master.contains(",")) {
      return Integer.parseInt(
          master.substring(master.indexOf(',') + 1, master.indexOf(']')).strip());
    }
    return master.equals("local") || master.startsWith("local[")
        ? 1
        : context.getConf().getInt("spark.task.maxFailures", USUAL_FAILURES);
  }

  /** Returns true if Spark wants this attempt to end, for example because another one is done. */
  static boolean isStopped() {
    return TaskContext.get() != null && TaskContext.get().isInterrupted();
  }

  /** Returns a listener that cancels the work if Spark wants the attempt to end. */
  static Progress cancelling(Cancellation cancellation) {
    TaskContext task = TaskContext.get();
    return event -> {
      if (task != null && task.isInterrupted()) {
        cancellation.cancel();
      }
    };
  }
}
