package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.Capabilities.Editing;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.ReferenceImages;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.Latents;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/**
 * The latents of reference images of a model's generations, so that the images of a shoot encode
 * each one once. They are freed with the image of the request. Thread-safe.
 */
public final class ReferenceLatents {
  private final Map<RgbImage, Entry> entries = new WeakHashMap<>();

  private record Entry(boolean ownSize, int maxPixels, Latents latents, DType type) {}

  /**
   * Returns the latents of the reference images of a request: an edited initial image, then the
   * others. The calling scope owns them.
   *
   * @param encoder encodes an image of the size that the network takes
   */
  public List<Tensor> of(
      OpenModel model, ImageRequest request, Function<RgbImage, Tensor> encoder) {
    Editing editing = model.capability(Editing.class).orElse(null);
    if (editing == null || request.referenceImages().strength() == 0) {
      return List.of();
    }
    List<Tensor> latents = new ArrayList<>();
    if (request.isEdit()) {
      InitialImage initial = request.initialImage().orElseThrow();
      boolean own = initial.keepsSize();
      latents.add(encode(
          initial.image().orElseThrow(),
          own,
          0,
          model.compute(),
          image -> encoder.apply(editing.prepare(image, own))));
    }
    ReferenceImages others = request.referenceImages();
    for (RgbImage other : others.images()) {
      latents.add(encode(
          other,
          false,
          others.maxPixels().orElse(0),
          model.compute(),
          image -> encoder.apply(editing.prepare(others.limitSize(image), false))));
    }
    return latents;
  }

  private synchronized Tensor encode(
      RgbImage image,
      boolean ownSize,
      int maxPixels,
      Compute compute,
      Function<RgbImage, Tensor> encoder) {
    Entry entry = entries.get(image);
    if (entry != null && entry.ownSize == ownSize && entry.maxPixels == maxPixels) {
      return Tensors.toDevice(compute, entry.latents.toTensor()).to(Tensors.scalarType(entry.type));
    }
    Tensor latents = encoder.apply(image);
    entries.put(image, new Entry(ownSize, maxPixels, Latents.of(latents), Tensors.dtype(latents)));
    return latents;
  }
}
