package dev.likeness.schedulers;

import java.util.stream.IntStream;

/**
 * The sigmas that a network knows and the timesteps it knows them by: what a
 * {@link SigmaScheduleKind} chooses from.
 */
public interface TrainedSigmas {
  /** All trained sigmas, rising. */
  double[] sigmas();

  /** The sigma at a timestep, which may be fractional. */
  double sigma(double timestep);

  /** What the network is told at a sigma. */
  double timestep(double sigma);

  /** The noise level of a sigma, in this table's form. */
  NoiseLevel level(double sigma);

  /**
   * The noise level at which there is so many times as much noise as signal, in this table's form.
   */
  NoiseLevel levelOfRatio(double ratio);

  /**
   * A network trained on betas, in k-diffusion's form {@code x = x0 + sigma n}; straight in log
   * sigma between timesteps.
   */
  static TrainedSigmas of(NoiseSchedule schedule) {
    return new TrainedSigmas() {
      @Override
      public double[] sigmas() {
        return schedule.sigmas();
      }

      @Override
      public double sigma(double timestep) {
        double[] around = schedule.sigmas(new double[] {Math.floor(timestep), Math.ceil(timestep)});
        double share = timestep - Math.floor(timestep);
        return Math.exp((1 - share) * Math.log(around[0]) + share * Math.log(around[1]));
      }

      @Override
      public double timestep(double sigma) {
        return schedule.timesteps(new double[] {sigma})[0];
      }

      @Override
      public NoiseLevel level(double sigma) {
        return NoiseLevel.varianceExploding(sigma);
      }

      @Override
      public NoiseLevel levelOfRatio(double ratio) {
        return NoiseLevel.varianceExploding(ratio);
      }
    };
  }

  /**
   * A rectified-flow network, {@code x = (1 - sigma) x0 + sigma n}, told {@code sigma * length}.
   *
   * @param length the number of training timesteps
   * @param shift how far its levels were moved towards noise, 1 for none
   */
  static TrainedSigmas flow(int length, double shift) {
    return new TrainedSigmas() {
      @Override
      public double[] sigmas() {
        return IntStream.rangeClosed(1, length).mapToDouble(this::sigma).toArray();
      }

      @Override
      public double sigma(double timestep) {
        return Sigmas.shift(new double[] {timestep / length}, shift)[0];
      }

      @Override
      public double timestep(double sigma) {
        return sigma * length;
      }

      @Override
      public NoiseLevel level(double sigma) {
        if (sigma > 1) {
          throw new IllegalArgumentException("flow levels are in 0..1, and this ladder has sigma "
              + sigma + "; choose one that follows the network, such as normal, simple or beta");
        }
        return NoiseLevel.flow(sigma);
      }

      @Override
      public NoiseLevel levelOfRatio(double ratio) {
        return NoiseLevel.flow(ratio / (1 + ratio));
      }
    };
  }
}
