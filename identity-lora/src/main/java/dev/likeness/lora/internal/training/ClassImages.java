package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Class images, which the base generates before the training (Ruiz et al. 2022, section 3.3), some
 * of each size. They are generated one after the other and saved with the state, so that a resumed
 * training keeps the finished ones.
 */
record ClassImages(
    BaseModel base, TrainingSettings settings, TrainingSet set, List<ImageBucket> buckets)
    implements TrainingCheckpoint.Stateful {
  private static final String NAME = "class.";
  private static final String PHASE = "class images";

  /** Generates the missing images, and runs {@code onImage} after each. */
  void generate(Run run, Runnable onImage) {
    if (settings.classImages() == 0) {
      return;
    }
    int all = buckets.stream().mapToInt(this::countFor).sum();
    run.progress().onEvent(new ProgressEvent.Phase(PHASE, all));
    if (set.personToken().token().isEmpty()) {
      run.progress()
          .onEvent(new ProgressEvent.Notice("class images and the person have the same caption, \""
              + CaptionEncodings.Captions.classCaption(settings, set)
              + "\", so their effects cancel; give the person a rare token, or"
              + " use no class images"));
    }
    ImageRequest request = ImageRequest.of(CaptionEncodings.Captions.classCaption(settings, set))
        .adapter(TrainableNetworks.AS_LOADED);
    for (ImageBucket bucket : buckets) {
      for (int i = bucket.classLatents().count(); i < countFor(bucket); i++) {
        ImageRequest one = request.size(bucket.width(), bucket.height()).seed(settings.seed() + i);
        bucket
            .classLatents()
            .add(
                base.generate(one, Run.of(run.cancellation())).latents().values(),
                bucket.latents().shape());
        run.progress()
            .onEvent(new ProgressEvent.Step(
                PHASE,
                buckets.stream().mapToInt(each -> each.classLatents().count()).sum(),
                all));
        onImage.run();
      }
    }
  }

  private int countFor(ImageBucket bucket) {
    return Math.max(
        1, settings.classImages() * bucket.images().size() / set.examples().size());
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of();
  }

  /** Returns the class images of each bucket [images, channels, h, w]. */
  @Override
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> latents = new LinkedHashMap<>();
    IntStream.range(0, buckets.size())
        .filter(i -> buckets.get(i).classLatents().count() > 0)
        .forEach(i -> latents.put(NAME + i, buckets.get(i).classLatents().means()));
    return latents;
  }

  @Override
  public void resume(Map<String, String> metadata) {}

  @Override
  public void resume(String name, Tensor value) {
    if (name.startsWith(NAME)) {
      CachedLatents others =
          buckets.get(Integer.parseInt(name.substring(NAME.length()))).classLatents();
      for (long i = 0; i < value.size(0); i++) {
        others.add(
            ImageTensors.floats(value.select(0, i)), value.size(1), value.size(2), value.size(3));
      }
    }
  }
}
