package dev.likeness.schedulers;

import dev.likeness.schedulers.internal.Sigmas;
import java.util.stream.IntStream;

/**
 * The sigmas and timesteps that a network was trained at, from which a {@link SigmaScheduleKind}
 * chooses.
 */
public interface TrainedSigmas {
  /** {@return all sigmas that the network was trained at, in ascending order} */
  double[] sigmas();

  /**
   * {@return the sigma of a timestep}
   *
   * @param timestep a trained timestep, which may be fractional
   */
  double sigma(double timestep);

  /**
   * {@return the timestep with which the network is called at a sigma}
   *
   * @param sigma the sigma, at least 0; at most 1 for flow
   */
  double timestep(double sigma);

  /**
   * {@return the noise level of a sigma, in the form that the network uses (k-diffusion's or flow)}
   *
   * @param sigma the sigma, at least 0; at most 1 for flow
   * @throws IllegalArgumentException if sigma is negative, or if the network predicts flow and
   *     sigma is above 1
   */
  NoiseLevel level(double sigma);

  /**
   * {@return the noise level with the given ratio, in the form that the network uses (k-diffusion's
   * or flow)}
   *
   * @param ratio {@code sigma / alpha}, at least 0
   * @throws IllegalArgumentException if the ratio is negative, infinite or NaN
   */
  NoiseLevel levelOfRatio(double ratio);

  /**
   * {@return the sigmas of a network that was trained on betas, in k-diffusion's form {@code x = x0
   * + sigma n}} Between timesteps, log sigma is interpolated linearly.
   *
   * @param schedule the noise schedule of the betas
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
   * {@return the sigmas of a rectified-flow network} A sample is {@code x = (1 - sigma) x0 + sigma
   * n}, and its timestep is {@code sigma * length}.
   *
   * @param length the number of training timesteps, at least 1
   * @param shift the shift of the sigmas towards noise, above 0; 1 means no shift
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
          throw new IllegalArgumentException(
              "flow sigmas must be in 0..1, but this sigma schedule has " + sigma
                  + "; use another schedule, such as normal, simple or beta, or give"
                  + " smaller sigmas");
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
