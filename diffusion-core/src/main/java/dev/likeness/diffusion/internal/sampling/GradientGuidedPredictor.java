package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.adapter.GradientGuidance.NetworkGradient;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.GradientCheckpointing;
import dev.likeness.schedulers.Step;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A network with gradient guidance: moves the denoised prediction along the gradient of a
 * {@link GradientGuidance} objective.
 *
 * <p>A gradient through the network, with respect to the network's input, is limited to changes
 * that the network can produce. It costs a backward pass in each guided row. A gradient that leaves
 * the network out is cheap, but finds adversarial noise more easily. Unguided predictions are not
 * changed.
 *
 * @param guidances the gradient guidance of each image of the batch, if any
 * @param gradients how the gradient of each image passes the network
 */
public record GradientGuidedPredictor(
    Predictor network, List<Optional<GradientGuidance>> guidances, List<NetworkGradient> gradients)
    implements Predictor {
  /**
   * The network, wrapped if any image has gradient guidance.
   *
   * @param byMemory says how the gradient passes the network if a guidance leaves it to memory
   */
  public static Predictor of(
      Predictor own, List<Optional<GradientGuidance>> images, Supplier<NetworkGradient> byMemory) {
    return images.stream().allMatch(Optional::isEmpty)
        ? own
        : new GradientGuidedPredictor(own, images, gradients(images, byMemory));
  }

  private static List<NetworkGradient> gradients(
      List<Optional<GradientGuidance>> images, Supplier<NetworkGradient> byMemory) {
    List<Optional<NetworkGradient>> wanted = images.stream()
        .map(image -> image.isEmpty()
            ? Optional.of(NetworkGradient.LEFT_OUT)
            : image.get().networkGradient())
        .toList();
    NetworkGradient fitting = wanted.stream().allMatch(Optional::isPresent) ? null : byMemory.get();
    return wanted.stream().map(one -> one.orElse(fitting)).toList();
  }

  @Override
  public Tensor predict(Tensor input, Step step) {
    List<Guided> active = IntStream.range(0, guidances.size())
        .mapToObj(i -> new Guided(
            guidances.get(i).filter(one -> one.isActive(step.index())).orElse(null),
            gradients.get(i)))
        .toList();
    if (step.scaling().output() == 0 || active.stream().allMatch(one -> one.guidance == null)) {
      return network.predict(input, step);
    }
    boolean recomputes = active.stream().anyMatch(one -> one.passes(NetworkGradient.RECOMPUTED));
    boolean keeps =
        !recomputes && active.stream().anyMatch(one -> one.passes(NetworkGradient.KEPT));
    try (TensorScope scope = TensorScope.open();
        CustomGradients custom = CustomGradients.open();
        GradientCheckpointing blocks = recomputes ? new GradientCheckpointing() : null) {
      return scope.promote(predict(input, step, active, recomputes || keeps, blocks));
    }
  }

  /**
   * The guidance of one image in one row.
   *
   * @param guidance null if the row is not guided
   */
  private record Guided(GradientGuidance guidance, NetworkGradient gradient) {
    boolean passes(NetworkGradient wanted) {
      return guidance != null && gradient == wanted;
    }
  }

  /** Predicts and moves; {@code blocks} is null unless the network is computed again. */
  private Tensor predict(
      Tensor input,
      Step step,
      List<Guided> active,
      boolean throughNetwork,
      GradientCheckpointing blocks) {
    Step.Scaling scaling = step.scaling();
    Tensor sample = input.detach().clone();
    Tensor predictions;
    try (AutoGradMode gradients = new AutoGradMode(throughNetwork);
        SegmentRunner.Current runner =
            SegmentRunner.Current.open(blocks == null ? SegmentRunner.PLAIN : blocks)) {
      sample.set_requires_grad(throughNetwork);
      predictions = network.predict(sample, step);
    }
    Tensor guided = predictions.detach().clone();
    try (AutoGradMode gradients = new AutoGradMode(true)) {
      Tensor mean = SamplingStep.Variance.mean(predictions.narrow(0, 0, input.size(0)), sample);
      Tensor denoised = sample
          .mul(new Scalar(scaling.skip() / scaling.input()))
          .add(mean, new Scalar(scaling.output()));
      Tensor[] leaves = new Tensor[active.size()];
      Tensor score = score(denoised, active, leaves);
      if (score == null) {
        return guided;
      }
      if (blocks == null) {
        score.backward();
      } else {
        blocks.backward(score);
      }
      Tensor steps = guidanceSteps(sample, active, leaves, step.level().ratio());
      SamplingStep.Variance.mean(guided.narrow(0, 0, input.size(0)), input)
          .add_(steps, new Scalar(1 / scaling.output()));
      return guided;
    }
  }

  /**
   * The sum of the objectives; null if there is none. An image whose gradient leaves out the
   * network gets its denoised prediction as a leaf.
   */
  private static Tensor score(Tensor denoised, List<Guided> active, Tensor[] leaves) {
    Tensor sum = null;
    for (int i = 0; i < active.size(); i++) {
      Guided own = active.get(i);
      if (own.guidance == null) {
        continue;
      }
      Tensor image = denoised.narrow(0, i, 1);
      if (own.gradient == NetworkGradient.LEFT_OUT) {
        image = image.detach().clone().set_requires_grad(true);
        leaves[i] = image;
      }
      Tensor one = own.guidance.objective(image);
      sum = one == null ? sum : sum == null ? one : sum.add(one);
    }
    return sum;
  }

  /** The step of each image: the normalised gradient times the guidance's step length. */
  private static Tensor guidanceSteps(
      Tensor sample, List<Guided> active, Tensor[] leaves, double noise) {
    TensorVector steps = new TensorVector();
    for (int i = 0; i < active.size(); i++) {
      Guided own = active.get(i);
      Tensor gradient = (leaves[i] == null ? sample : leaves[i]).grad();
      if (own.guidance == null || !gradient.defined()) {
        steps.push_back(torch.zeros_like(sample.narrow(0, i, 1)).detach());
        continue;
      }
      Tensor one = leaves[i] == null ? gradient.narrow(0, i, 1) : gradient;
      steps.push_back(
          one.mul(one.square().sum().sqrt().clamp_min(new Scalar(1e-12)).reciprocal())
              .mul(new Scalar(own.guidance.stepLength(noise))));
    }
    return torch.cat(steps, 0);
  }
}
