package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.progress.ProgressEvent;
import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.AdamW;
import dev.likeness.diffusion.training.LearningRate;
import dev.likeness.diffusion.training.Objective;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** One training, from pictures to a person. One thread, used once. */
final class LoraRun implements AutoCloseable {
  /** Steps between two saves of the state. */
  static final int SAVE_EVERY = 25;

  private final LoraTraining settings;
  private final BaseModel base;
  private final StableDiffusion model;
  private final Subject subject;
  private final TensorRegion region = new TensorRegion();
  private final CachedLatents own = new CachedLatents(region);
  private final CachedLatents others = new CachedLatents(region);
  private final Objective objective;
  private final TrainableFactors factors;
  private final AdamW optimizer;

  LoraRun(LoraTraining settings, BaseModel base, Subject subject) {
    this.settings = settings;
    this.base = base;
    this.subject = subject;
    model = base.networks();
    objective = new Objective(model.scheduler().schedule(), model.scheduler().prediction(), settings.minSnrGamma());
    factors = new TrainableFactors(settings, LayerTable.of(model));
    optimizer = new AdamW(0.9, 0.999, 1e-8, settings.weightDecay());
  }

  TrainedPerson train(List<Picture> pictures, Path state, Progress progress, Cancellation stop) {
    requireOneSize(pictures, model.autoencoder().factor());
    encode(pictures, progress, stop);
    drawOthers(pictures.get(0), progress, stop);
    Checkpoint checkpoint = Checkpoint.of(state, settings, base, subject, pictures);
    checkpoint.resume(factors.weights(), optimizer);
    CaptionBook captions = CaptionBook.of(settings, subject);
    CaptionEncodings texts = new CaptionEncodings(model, captions.all(), factors, settings.textEncoder(), region);
    LoraStep learning = new LoraStep(model, factors, optimizer, objective, texts);
    LearningRate rate = settings.schedule();
    progress.on(new ProgressEvent.Phase("train", settings.steps()));
    for (int step = (int) optimizer.steps(); step < settings.steps(); step++) {
      stop.check();
      double loss = learn(step, learning, captions, rate.at(step));
      progress.on(new ProgressEvent.Step("train", step + 1, settings.steps(), loss));
      checkpoint.keep(step + 1, factors.weights(), optimizer);
    }
    TensorRegion kept = new TensorRegion();
    return TrainedPerson.of(factors.snapshot(kept), kept, settings, subject, base.name());
  }

  private double learn(int step, LoraStep learning, CaptionBook captions, double rate) {
    int length = objective.schedule().length();
    StepDraw draw = StepDraw.of(settings.seed(), step, settings.batch(), own.count(), captions.count(), length);
    if (others.count() > 0) {
      draw = draw.and(StepDraw.of(~settings.seed(), step, settings.batch(), others.count(), captions.count(), length));
    }
    try (TensorScope scope = TensorScope.open(); NoiseSource random = NoiseSource.seeded(draw.seeds())) {
      Tensor clean = CachedLatents.draw(draw, random.next(own.shape()), settings.batch(), own, others);
      Tensor noise = random.next(own.shape());
      int[] chosen = captions.chosen(draw.captions(), settings.batch());
      LoraStep.Batch batch = new LoraStep.Batch(clean, noise, draw.timesteps(), chosen, settings.batch());
      return learning.learn(batch, settings, rate);
    }
  }

  private void encode(List<Picture> pictures, Progress progress, Cancellation stop) {
    progress.on(new ProgressEvent.Phase("encode", pictures.size()));
    for (Picture picture : pictures) {
      stop.check();
      own.add(picture, model, settings.flip());
    }
  }

  /** Pictures of the class as the base draws it before it learns (Ruiz et al. 2022, section 3.3). */
  private void drawOthers(Picture like, Progress progress, Cancellation stop) {
    if (settings.priorPictures() == 0) {
      return;
    }
    Progress steps = event -> {
      if (event instanceof ProgressEvent.Step || event instanceof ProgressEvent.Phase) {
        progress.on(event);
      }
    };
    ImageRequest ask = ImageRequest.of(settings.captions().get(0).replace("%s", subject.classWord()))
        .size(like.width(), like.height()).count(settings.priorPictures()).seed(settings.seed());
    for (GeneratedImage image : base.generate(ask, steps, stop)) {
      others.add(image.latents(), own.shape());
    }
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

  @Override
  public void close() {
    optimizer.close();
    factors.close();
    region.close();
  }
}
