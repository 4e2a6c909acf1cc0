package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.text.PromptEncoder;
import dev.likeness.diffusion.training.Objective;
import dev.likeness.diffusion.unet.UNet2DConditionModel;
import dev.likeness.diffusion.unet.UNetConditioning;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** How well captions fit pictures in a base model's eyes; the same noise for every caption, so that they compare. */
final class CaptionFit implements AutoCloseable {
  private static final int PICTURES = 16;
  private static final double EARLIEST = 0.25;
  private static final double LATEST = 0.8;

  private final TensorRegion region = new TensorRegion();
  private final StableDiffusion model;
  private final Objective objective;
  private final UNet2DConditionModel unet;
  private final PromptEncoder encoder;
  private final int[] timesteps = new int[PICTURES];
  private final Tensor noised;
  private final Tensor target;

  CaptionFit(BaseModel base, List<Picture> pictures) {
    model = base.networks();
    objective = new Objective(model.scheduler().schedule(), model.scheduler().prediction(), 0);
    unet = model.unet(Adaptation.NONE);
    encoder = new PromptEncoder(model.tokenizer(), model.textEncoder(Adaptation.NONE), model.compute());
    int length = objective.schedule().length();
    for (int i = 0; i < PICTURES; i++) {
      timesteps[i] = (int) (length * (EARLIEST + (LATEST - EARLIEST) * i / (PICTURES - 1)));
    }
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard();
        NoiseSource random = NoiseSource.seeded(0, PICTURES)) {
      Tensor clean = latents(pictures);
      Tensor noise = random.next(clean.size(1), clean.size(2), clean.size(3));
      noised = region.keep(model.compute().place(objective.noised(clean, noise, timesteps)));
      target = region.keep(objective.target(clean, noise, timesteps));
    }
  }

  /** The mean squared errors of the network's answers under {@code caption}, one a noise; less fits better. */
  double[] errors(String caption) {
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      Tensor tokens = encoder.encode(Collections.nCopies(1, caption)).tokens().repeat(PICTURES, 1, 1);
      float[] times = new float[PICTURES];
      for (int i = 0; i < PICTURES; i++) {
        times[i] = timesteps[i];
      }
      Tensor time = torch.tensor(times).to(new Device(model.compute().device()), ScalarType.Float);
      Tensor answer = unet.forward(noised, time, UNetConditioning.text(tokens)).cpu();
      float[] errors = Images.floats(answer.to(ScalarType.Float).sub(target).square().flatten(1, -1).mean(1));
      return IntStream.range(0, PICTURES).mapToDouble(i -> errors[i]).toArray();
    }
  }

  private Tensor latents(List<Picture> pictures) {
    TensorVector all = new TensorVector();
    for (int i = 0; i < PICTURES; i++) {
      Tensor pixels = model.compute().place(Images.toSigned(pictures.get(i % pictures.size())));
      all.push_back(model.autoencoder().encode(pixels).mode().cpu().to(ScalarType.Float));
    }
    return torch.cat(all, 0);
  }

  @Override
  public void close() {
    region.close();
  }
}
