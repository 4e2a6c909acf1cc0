package dev.likeness.diffusion.internal.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.adapter.GradientGuidance.NetworkGradient;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Step;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class GradientGuidedPredictorTest {
  private static final double SKIP = 0.8;
  private static final double OUT = -0.6;
  private static final Step STEP = new Step(
      3,
      500,
      new NoiseLevel(0.8, 0.6),
      new Step.Scaling(0.5, SKIP, OUT),
      null,
      null,
      Step.LearnedVariance.NONE);
  private static final Step EVEN = new Step(
      4,
      500,
      new NoiseLevel(0.8, 0.6),
      new Step.Scaling(0.5, SKIP, OUT),
      null,
      null,
      Step.LearnedVariance.NONE);
  /** Answers twice its input, the second image's channels in the other order. */
  private static final Predictor NETWORK = (input, step) -> torch.cat(
      new TensorVector(
          input.narrow(0, 0, 1).mul(new Scalar(2)), input.narrow(0, 1, 1).flip(1)),
      0);

  /** Wants the first of two channels to be large, and reaches as far as there is noise. */
  private static final GradientGuidance FIRST = new GradientGuidance() {
    @Override
    public Tensor objective(Tensor denoised) {
      return denoised.narrow(1, 0, 1).mul(new Scalar(3)).sum();
    }

    @Override
    public double stepLength(double noise) {
      return 4 * noise;
    }
  };

  private static final Supplier<NetworkGradient> KEPT = () -> NetworkGradient.KEPT;
  private static final GradientGuidance BLIND = new GradientGuidance() {
    @Override
    public Tensor objective(Tensor denoised) {
      return null;
    }

    @Override
    public double stepLength(double noise) {
      return 1;
    }
  };

  private static Tensor input() {
    return torch.tensor(1f, 2f, 3f, 4f).view(2, 2, 1, 1);
  }

  private static float[] predictedX0(Predictor network) {
    return predictedX0(network, STEP);
  }

  private static float[] predictedX0(Predictor network, Step step) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor answer = network.predict(input(), step);
      assertFalse(answer.requires_grad(), "nothing of the way back is kept");
      Step.Scaling scaling = STEP.scaling();
      return ImageTensors.floats(input()
          .mul(new Scalar(scaling.skip() / scaling.input()))
          .add(answer, new Scalar(scaling.output())));
    }
  }

  @Test
  void movesPredictedX0AlongTheGradientByTheStepLength() {
    // Foretold of the first: (1.6 - 1.2) x, so its gradient has the direction of the first channel;
    // 4 * 0.75 far.
    assertArrayEquals(
        new float[] {0.4f + 3, 0.8f, 3 * 1.6f - 0.6f * 4, 4 * 1.6f - 0.6f * 3},
        predictedX0(GradientGuidedPredictor.of(
            NETWORK, List.of(Optional.of(FIRST), Optional.empty()), KEPT)),
        1e-5f);
  }

  @Test
  void backpropagatesThroughTheNetworkToTheSample() {
    // The second's first channel is foretold of both: 1.6 of its own, -0.6 of the other; so both
    // are moved.
    double length = Math.hypot(1.6, 0.6);
    float[] both = predictedX0(
        GradientGuidedPredictor.of(NETWORK, List.of(Optional.empty(), Optional.of(FIRST)), KEPT));
    assertArrayEquals(
        new float[] {0.4f, 0.8f, (float) (2.4 + 3 * 1.6 / length), (float) (4.6 - 3 * 0.6 / length)
        },
        both,
        1e-5f);
  }

  @Test
  void leavesUnguidedImagesUnchanged() {
    assertSame(
        NETWORK,
        GradientGuidedPredictor.of(NETWORK, List.of(Optional.empty(), Optional.empty()), KEPT));
    assertArrayEquals(
        predictedX0(NETWORK),
        predictedX0(GradientGuidedPredictor.of(
            NETWORK, List.of(Optional.of(BLIND), Optional.empty()), KEPT)));
  }

  @Test
  void leavesUnguidedOutputUnchanged() {
    Predictor both = (input, step) ->
        torch.cat(new TensorVector(NETWORK.predict(input, step), input.mul(new Scalar(5))), 0);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor led = GradientGuidedPredictor.of(
              both, List.of(Optional.of(FIRST), Optional.empty()), KEPT)
          .predict(input(), STEP);
      assertArrayEquals(
          ImageTensors.floats(input().mul(new Scalar(5))),
          ImageTensors.floats(led.narrow(0, 2, 2)));
    }
  }

  /** {@link #FIRST} with a choice of gradient, in even rows only. */
  private record Chosen(NetworkGradient gradient) implements GradientGuidance {
    @Override
    public Optional<NetworkGradient> networkGradient() {
      return Optional.of(gradient);
    }

    @Override
    public boolean isActive(int row) {
      return row % 2 == 0;
    }

    @Override
    public Tensor objective(Tensor denoised) {
      return FIRST.objective(denoised);
    }

    @Override
    public double stepLength(double noise) {
      return FIRST.stepLength(noise);
    }
  }

  private static float[] predictedX0(NetworkGradient gradient, Step step) {
    Predictor guided = GradientGuidedPredictor.of(
        NETWORK, List.of(Optional.empty(), Optional.of(new Chosen(gradient))), () -> {
          throw new IllegalStateException("memory need not decide");
        });
    return predictedX0(guided, step);
  }

  @Test
  void leavesTheNetworkOutOfTheGradient() {
    // The second image's x0 moves along its own first channel, not along the network's input.
    float[] plain = predictedX0(NETWORK);
    float[] moved = predictedX0(NetworkGradient.LEFT_OUT, EVEN);
    assertArrayEquals(new float[] {plain[0], plain[1], plain[2] + 3, plain[3]}, moved, 1e-5f);
  }

  @Test
  void recomputesTheSameGradient() {
    assertArrayEquals(
        predictedX0(NetworkGradient.KEPT, EVEN),
        predictedX0(NetworkGradient.RECOMPUTED, EVEN),
        1e-6f);
  }

  @Test
  void leavesRowsThatAreNotActiveUnchanged() {
    for (NetworkGradient gradient : NetworkGradient.values()) {
      assertArrayEquals(predictedX0(NETWORK), predictedX0(gradient, STEP), gradient.name());
    }
  }
}
