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
 * A network of whose images some are led on their way: what it foretells of them is moved along the
 * gradient of their {@link GradientGuidance}s' agreement by the sample that the network was given.
 * Through the network the gradient keeps to changes that the network can imagine; by the foretold
 * image alone it finds noise that deceives whoever looks. A row costs a pass back through the
 * network more. Answers without guidance, where a row asks for both, stay.
 *
 * @param guidances what leads each image of the batch, if anything
 */
public record GradientGuidedPredictor(Predictor network, List<Optional<GradientGuidance>> guidances)
    implements Predictor {
  /** {@code network} itself where no image is led. */
  public static Predictor of(Predictor own, List<Optional<GradientGuidance>> images) {
    return images.stream().allMatch(Optional::isEmpty)
        ? own
        : new GradientGuidedPredictor(own, images);
  }

  @Override
  public Tensor predict(Tensor input, Step step) {
    Step.Scaling scaling = step.scaling();
    if (scaling.out() == 0) {
      return network.predict(input, step);
    }
    try (TensorScope scope = TensorScope.open();
        AutoGradMode gradients = new AutoGradMode(true)) {
      Tensor sample = input.detach().clone().set_requires_grad(true);
      Tensor answers = network.predict(sample, step);
      Tensor mean = SamplingStep.Variance.mean(answers.narrow(0, 0, input.size(0)), sample);
      Tensor denoised = sample
          .mul(new Scalar(scaling.skip() / scaling.in()))
          .add(mean, new Scalar(scaling.out()));
      Tensor led = answers.detach().clone();
      if (!backpropagate(denoised)) {
        return scope.promote(led);
      }
      Tensor steps = guidanceSteps(sample.grad(), step.level().ratio());
      SamplingStep.Variance.mean(led.narrow(0, 0, input.size(0)), input)
          .add_(steps, new Scalar(1 / scaling.out()));
      return scope.promote(led);
    }
  }

  /** Sends the images' agreement back through the network; false where there is none. */
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

  /** A step for each image, of the length that its steering reaches. */
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
