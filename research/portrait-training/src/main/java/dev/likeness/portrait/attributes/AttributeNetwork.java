package dev.likeness.portrait.attributes;

import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.headshots.internal.photo.CaptionerNetwork;
import dev.likeness.portrait.people.Attribute;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/** Says of portraits which word of each {@link Attribute} holds. */
public final class AttributeNetwork {
  /** What the heads read. */
  public static final int FEATURES = 128;

  /** Its levels, features and words. */
  public static final CaptionerNetwork.Shape SHAPE = new CaptionerNetwork.Shape(
      List.of(16, 32, 64, 96),
      16,
      FEATURES,
      Stream.of(Attribute.values())
          .collect(
              LinkedHashMap::new, (map, a) -> map.put(a.name(), a.words().size()), Map::putAll));

  private final CaptionerNetwork network;

  /** Reads the network. */
  public AttributeNetwork(Weights w) {
    network = new CaptionerNetwork(SHAPE, w);
  }

  /**
   * For each attribute a score of each of its {@linkplain Attribute#words() words}, [n, words],
   * f32, of {@link #features}.
   */
  public Map<Attribute, Tensor> words(Tensor features) {
    Map<Attribute, Tensor> scores = new EnumMap<>(Attribute.class);
    network
        .wordLogits(features)
        .forEach((name, score) -> scores.put(Attribute.valueOf(name), score));
    return scores;
  }

  /** What the heads read the words from, [n, 128], of images [n, 3, 256, 256] in -1..1. */
  public Tensor features(Tensor images) {
    return network.features(images);
  }
}
