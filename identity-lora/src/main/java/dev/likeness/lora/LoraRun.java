package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.progress.ProgressEvent;
import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.AdamW;
import dev.likeness.diffusion.training.GradientNorm;
import dev.likeness.diffusion.training.LearningRate;
import dev.likeness.diffusion.training.Objective;
import dev.likeness.diffusion.unet.UNet2DConditionModel;
import dev.likeness.diffusion.unet.UNetConditioning;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** One training, from pictures to a person. One thread, used once. */
final class LoraRun implements AutoCloseable {
  /** Steps between two saves of the state. */
  static final int SAVE_EVERY = 25;

  private final LoraTraining settings;
  private final BaseModel base;
  private final StableDiffusion model;
  private final Subject subject;
  private final TensorRegion region = new TensorRegion();
  private final TrainableFactors factors;
  private final AdamW optimizer;
  private final Objective objective;
  private final CachedLatents latents = new CachedLatents(region);

  LoraRun(LoraTraining settings, BaseModel base, Subject subject) {
    this.settings = settings;
    this.base = base;
    this.subject = subject;
    model = base.networks();
    factors = new TrainableFactors(settings, LayerTable.of(model));
    optimizer = new AdamW(0.9, 0.999, 1e-8, settings.weightDecay());
    objective = new Objective(model.scheduler().schedule(), model.scheduler().prediction(), settings.minSnrGamma());
  }

  TrainedPerson train(List<Picture> pictures, Path state, Progress progress, Cancellation stop) {
    requireOneSize(pictures, model.autoencoder().factor());
    progress.on(new ProgressEvent.Phase("encode", pictures.size()));
    for (Picture picture : pictures) {
      stop.check();
      latents.add(picture, model, settings.flip());
    }
    Checkpoint checkpoint = Checkpoint.of(state, settings, base, subject, pictures);
    checkpoint.resume(factors.weights(), optimizer);
    List<String> captions = settings.captions().stream().map(c -> c.replace("%s", subject.phrase())).toList();
    CaptionEncodings texts = new CaptionEncodings(model, captions, factors, settings.textEncoder(), region);
    UNet2DConditionModel unet = model.unet(factors.adaptation(Part.UNET));
    LearningRate rate = settings.schedule();
    progress.on(new ProgressEvent.Phase("train", settings.steps()));
    for (int step = (int) optimizer.steps(); step < settings.steps(); step++) {
      stop.check();
      double loss = step(step, unet, texts, rate);
      progress.on(new ProgressEvent.Step("train", step + 1, settings.steps(), loss));
      checkpoint.keep(step + 1, factors.weights(), optimizer);
    }
    return person();
  }

  private double step(int step, UNet2DConditionModel unet, CaptionEncodings texts, LearningRate rate) {
    StepDraw draw = StepDraw.of(settings.seed(), step, settings.batch(), latents.count(), texts.count(),
        objective.schedule().length());
    try (TensorScope scope = TensorScope.open(); NoiseSource random = NoiseSource.seeded(draw.seeds())) {
      Tensor clean = latents.draw(draw, random.next(latents.shape()));
      Tensor noise = random.next(latents.shape());
      Tensor answer = unet.forward(model.compute().place(objective.noised(clean, noise, draw.timesteps())),
          timesteps(draw.timesteps()), UNetConditioning.text(texts.tokens(draw.captions())));
      Tensor loss = objective.loss(answer.cpu(), objective.target(clean, noise, draw.timesteps()), draw.timesteps());
      loss.backward();
      double value = requireFinite(loss.item_double(), step);
      GradientNorm.clip(factors.weights().leaves().values(), settings.longestGradient());
      optimizer.step(factors.weights().leaves(), rate.at(step));
      return value;
    }
  }

  private Tensor timesteps(int[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = values[i];
    }
    return torch.tensor(floats).to(new Device(model.compute().device()), ScalarType.Float);
  }

  private static double requireFinite(double loss, int step) {
    if (!Double.isFinite(loss)) {
      throw new UnusableInput("the loss is " + loss + " at step " + (step + 1)
          + "; train with a lower learning rate, or in f32 instead of a half type");
    }
    return loss;
  }

  private static void requireOneSize(List<Picture> pictures, int factor) {
    if (pictures.isEmpty()) {
      throw new IllegalArgumentException("there is no picture to learn from");
    }
    Picture first = pictures.get(0);
    for (Picture picture : pictures) {
      boolean alike = picture.width() == first.width() && picture.height() == first.height();
      if (!alike || picture.width() % factor != 0 || picture.height() % factor != 0) {
        throw new IllegalArgumentException("a " + picture + " beside a " + first
            + ": all must have one size, with sides that are multiples of " + factor);
      }
    }
  }

  private TrainedPerson person() {
    TensorRegion kept = new TensorRegion();
    return TrainedPerson.of(factors.snapshot(kept), kept, settings, subject, base.name());
  }

  @Override
  public void close() {
    optimizer.close();
    factors.close();
    region.close();
  }
}
