package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.TrainingSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Images of the class as the base generates them before the training (Ruiz et al. 2022, section
 * 3.3), some of each size: one after the other, and kept with the run's state, so that one that is
 * stopped goes on with those it has.
 */
record ClassImages(
    BaseModel base, LoraTraining settings, TrainingSet set, List<ImageBucket> buckets)
    implements TrainingCheckpoint.Stateful {
  private static final String NAME = "class.";
  private static final String PHASE = "class images";

  /** Generates the missing images, and runs {@code drawn} after each. */
  void generate(Progress progress, Cancellation stop, Runnable drawn) {
    if (settings.classImages() == 0) {
      return;
    }
    int all = buckets.stream().mapToInt(this::countFor).sum();
    progress.onEvent(new ProgressEvent.Phase(PHASE, all));
    if (set.personToken().token().isEmpty()) {
      progress.onEvent(new ProgressEvent.Notice(
          "class images are called \"" + CaptionEncodings.Captions.classCaption(settings, set)
              + "\", as the person is: each undoes a part of the other; give the person"
              + " a rare word, or leave class images out"));
    }
    ImageRequest request = ImageRequest.of(CaptionEncodings.Captions.classCaption(settings, set))
        .adapter(TrainableNetworks.AS_LOADED);
    for (ImageBucket bucket : buckets) {
      for (int i = bucket.classLatents().count(); i < countFor(bucket); i++) {
        ImageRequest one = request.size(bucket.width(), bucket.height()).seed(settings.seed() + i);
        bucket
            .classLatents()
            .add(
                base.generate(one, Progress.SILENT, stop).get(0).latents().values(),
                bucket.latents().shape());
        progress.onEvent(new ProgressEvent.Step(
            PHASE,
            buckets.stream().mapToInt(each -> each.classLatents().count()).sum(),
            all,
            Double.NaN));
        drawn.run();
      }
    }
  }

  private int countFor(ImageBucket bucket) {
    return Math.max(
        1, settings.classImages() * bucket.images().size() / set.examples().size());
  }

  @Override
  public Map<String, String> notes() {
    return Map.of();
  }

  /** Those of each bucket [images, channels, h, w]. */
  @Override
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> drawn = new LinkedHashMap<>();
    IntStream.range(0, buckets.size())
        .filter(i -> buckets.get(i).classLatents().count() > 0)
        .forEach(i -> drawn.put(NAME + i, buckets.get(i).classLatents().means()));
    return drawn;
  }

  @Override
  public void resume(Map<String, String> notes) {}

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
