package dev.likeness.integrations.spark;

import java.util.Locale;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * Simulates how long a {@link HeadshotJob} takes on a cluster, if executors fail and some tasks
 * take longer than others. The simulation computes times only and needs no cluster. Immutable.
 *
 * @param people number of people, at least 1
 * @param executors number of executors that work at once, at least 1
 * @param seconds mean seconds of the task of one person, above 0
 * @param skew standard deviation of the logarithm of these seconds, at least 0. With 0.3, one task
 *     in a hundred takes at least about twice the median
 * @param failuresPerHour mean number of failures of an executor in an hour of its work, at least 0
 * @param restartSeconds seconds until a new executor has opened its base model, at least 0
 * @param lostSeconds the most work that a failure loses: the seconds between two saved states, at
 *     least 0
 * @param seed seed of the random numbers
 */
public record ClusterSimulation(
    int people,
    int executors,
    double seconds,
    double skew,
    double failuresPerHour,
    double restartSeconds,
    double lostSeconds,
    long seed) {
  private static final double HOUR = 3600;

  /**
   * The result of a simulation.
   *
   * @param makespan seconds from the start until the last person is done
   * @param bound lower bound of the makespan in seconds, whatever the order of people. It is the
   *     time of one restart plus the larger of two times: the time of the longest task; and the
   *     time of all tasks together, not counting failures, divided by the number of executors
   * @param failures number of failures
   * @param lost seconds that failures cost: the lost work and the restarts
   * @param finished number of people who are done
   */
  public record Outcome(double makespan, double bound, int failures, double lost, int finished) {
    /** {@return the makespan divided by the bound, 1 or more} */
    public double ratio() {
      return makespan / bound;
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%d people in %.1f h, bound %.1f h, ratio %.4f; %d failures cost %.1f h of executors",
          finished,
          makespan / HOUR,
          bound / HOUR,
          ratio(),
          failures,
          lost / HOUR);
    }
  }

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is out of its range
   */
  public ClusterSimulation {
    if (people < 1
        || executors < 1
        || !(seconds > 0)
        || !(skew >= 0 && failuresPerHour >= 0 && restartSeconds >= 0 && lostSeconds >= 0)) {
      throw new IllegalArgumentException("people and executors must be at least 1, seconds above 0,"
          + " and all other numbers at least 0; got people " + people + ", executors " + executors
          + ", seconds " + seconds + ", skew " + skew + ", failuresPerHour " + failuresPerHour
          + ", restartSeconds " + restartSeconds + ", lostSeconds " + lostSeconds);
    }
  }

  /**
   * Runs the simulation. When an executor is free, it starts the next task, as in Spark. A failure
   * loses the work since the last saved state. After the restart, the executor continues from this
   * state.
   *
   * @return the result
   */
  public Outcome run() {
    Random durations = new Random(seed);
    Random faults = new Random(seed + 1);
    PriorityQueue<Double> free = new PriorityQueue<>(executors);
    for (int i = 0; i < executors; i++) {
      free.add(restartSeconds);
    }
    double work = 0;
    double longest = 0;
    double makespan = 0;
    double lost = 0;
    int failures = 0;
    int finished = 0;
    for (int i = 0; i < people; i++) {
      double one = seconds * Math.exp(skew * durations.nextGaussian() - skew * skew / 2);
      work += one;
      longest = Math.max(longest, one);
      double end = free.remove();
      double left = one;
      double healthy = untilFailure(faults);
      while (healthy < left) {
        double again = Math.min(healthy, faults.nextDouble() * lostSeconds);
        failures++;
        lost += again + restartSeconds;
        end += healthy + restartSeconds;
        left -= healthy - again;
        healthy = untilFailure(faults);
      }
      end += left;
      finished++;
      makespan = Math.max(makespan, end);
      free.add(end);
    }
    double bound = Math.max(work / executors, longest) + restartSeconds;
    return new Outcome(makespan, bound, failures, lost, finished);
  }

  private double untilFailure(Random random) {
    return failuresPerHour == 0
        ? Double.POSITIVE_INFINITY
        : -Math.log(1 - random.nextDouble()) * HOUR / failuresPerHour;
  }

  /**
   * Prints simulations for several numbers of executors, without and with failures.
   *
   * @param args number of people, mean seconds for one person, skew, failures in an hour, seconds
   *     of a restart, seconds between two saved states; the defaults are 100000 60 0.3 0.05 40 15
   */
  public static void main(String[] args) {
    double[] given = {100_000, 60, 0.3, 0.05, 40, 15};
    for (int i = 0; i < args.length && i < given.length; i++) {
      given[i] = Double.parseDouble(args[i]);
    }
    for (int executors : new int[] {8, 64, 512}) {
      for (double rate : new double[] {0, given[3]}) {
        ClusterSimulation simulation = new ClusterSimulation(
            (int) given[0], executors, given[1], given[2], rate, given[4], given[5], 1);
        System.out.println(
            executors + " executors, " + rate + " failures an hour: " + simulation.run());
      }
    }
  }
}
