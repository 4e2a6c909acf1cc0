package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.schedulers.Step;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A network with gradient guidance: moves the denoised prediction along the gradient of a
 * {@link GradientGuidance} objective with respect to the network's input.
 *
 * <p>The gradient goes through the network, which limits it to changes that the network can
 * produce. The gradient of the objective alone finds adversarial noise. Each row costs a backward
 * pass. Unguided predictions are not changed.
 *
 * @param guidances the gradient guidance of each image of the batch, if any
 */
public record GradientGuidedPredictor(Predictor network, List<Optional<GradientGuidance>> guidances)
    implements Predictor {
  /** The network, wrapped if any image has gradient guidance. */
  public static Predictor of(Predictor own, List<Optional<GradientGuidance>> images) {
    return images.stream().allMatch(Optional::isEmpty)
        ? own
        : new GradientGuidedPredictor(own, images);
  }

  @Override
  public Tensor predict(Tensor input, Step step) {
    Step.Scaling scaling = step.scaling();
    if (scaling.output() == 0) {
      return network.predict(input, step);
    }
    try (TensorScope scope = TensorScope.open();
        AutoGradMode gradients = new AutoGradMode(true)) {
      Tensor sample = input.detach().clone().set_requires_grad(true);
      Tensor predictions = network.predict(sample, step);
      Tensor mean = SamplingStep.Variance.mean(predictions.narrow(0, 0, input.size(0)), sample);
      Tensor denoised = sample
          .mul(new Scalar(scaling.skip() / scaling.input()))
          .add(mean, new Scalar(scaling.output()));
      Tensor guided = predictions.detach().clone();
      if (!backpropagate(denoised)) {
        return scope.promote(guided);
      }
      Tensor steps = guidanceSteps(sample.grad(), step.level().ratio());
      SamplingStep.Variance.mean(guided.narrow(0, 0, input.size(0)), input)
          .add_(steps, new Scalar(1 / scaling.output()));
      return scope.promote(guided);
    }
  }

  /** Backpropagates the sum of the objectives through the network; false if there is none. */
  private boolean backpropagate(Tensor denoised) {
    Tensor sum = null;
    for (int i = 0; i < guidances.size(); i++) {
      Tensor one = guidances.get(i).isEmpty()
          ? null
          : guidances.get(i).get().objective(denoised.narrow(0, i, 1));
      sum = one == null ? sum : sum == null ? one : sum.add(one);
    }
    if (sum != null) {
      sum.backward();
    }
    return sum != null;
  }

  /** The step of each image: the normalised gradient times the guidance's step length. */
  private Tensor guidanceSteps(Tensor gradient, double noise) {
    TensorVector steps = new TensorVector();
    for (int i = 0; i < guidances.size(); i++) {
      Tensor one = gradient.narrow(0, i, 1);
      double reach =
          guidances.get(i).map(guidance -> guidance.stepLength(noise)).orElse(0.0);
      steps.push_back(
          one.mul(one.square().sum().sqrt().clamp_min(new Scalar(1e-12)).reciprocal())
              .mul(new Scalar(reach)));
    }
    return torch.cat(steps, 0);
  }
}
