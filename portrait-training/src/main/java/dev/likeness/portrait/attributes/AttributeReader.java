package dev.likeness.portrait.attributes;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.LoadedWeights;
import dev.likeness.diffusion.weights.Safetensors;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.headshots.reading.ReadingNetwork;
import dev.likeness.photos.pixels.Resampler;
import dev.likeness.portrait.people.Attribute;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** The classifier over a weights file that {@code TrainAttributes} wrote. */
public final class AttributeReader implements ReadBack, AutoCloseable {
  private final LoadedWeights weights;
  private final Map<String, String> made;

  private AttributeReader(Safetensors file) {
    made = file.metadata();
    weights = LoadedWeights.checked(file, new Compute("cpu", DType.F32), AttributeNetwork::new);
  }

  /**
   * Opens a weights file.
   *
   * @throws dev.likeness.diffusion.error.UnusableInput when it is not such a network's, or knows other words
   */
  public static AttributeReader open(Path file) {
    return new AttributeReader(Safetensors.open(file));
  }

  /** How the weights came to be: commit and numbers. */
  public Map<String, String> made() {
    return made;
  }

  @Override
  public Map<Attribute, String> of(Picture picture) {
    Map<Attribute, String> words = new EnumMap<>(Attribute.class);
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      AttributeNetwork network = new AttributeNetwork(Weights.of(weights));
      network.words(network.features(pixels(picture))).forEach((attribute, scores) -> words.put(
          attribute, attribute.words().get((int) scores.argmax(new LongOptional(1), false).item_long())));
    }
    return words;
  }

  /** What the words are read from: numbers that are alike for pictures that look alike. */
  public float[] features(Picture picture) {
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      return Images.floats(new AttributeNetwork(Weights.of(weights)).features(pixels(picture)));
    }
  }

  private static Tensor pixels(Picture picture) {
    int side = ReadingNetwork.SIDE;
    return Images.toSigned(picture.width() == side && picture.height() == side ? picture
        : Resampler.AREA.resize(picture, side, side));
  }

  @Override
  public void close() {
    weights.close();
  }
}
