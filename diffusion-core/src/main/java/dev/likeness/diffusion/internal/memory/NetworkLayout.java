package dev.likeness.diffusion.internal.memory;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The layers of a denoising network for one size of images: the block of each, and what it
 * computes. A family declares it once; {@link BackwardMemory} counts it.
 */
public final class NetworkLayout {
  /** The name of the block of layers that are in none. */
  static final String ENDS = "ends";

  private final Map<String, Place> places;
  private final Place unknown;

  private NetworkLayout(Map<String, Place> places, double imagePositions) {
    this.places = Map.copyOf(places);
    this.unknown = new Place(ENDS, LayerUse.at(imagePositions));
  }

  /**
   * A layer's place.
   *
   * @param block the name of its block: what training computes again as one
   * @param use what the layer computes
   */
  record Place(String block, LayerUse use) {}

  /** Returns true if a layer was declared. */
  public boolean has(String path) {
    return places.containsKey(path);
  }

  /** Returns the place of a layer; a layer that was not declared computes at the image. */
  Place place(String path) {
    return places.getOrDefault(path, unknown);
  }

  /** The layers of a module by their paths in it, for {@link Builder}. */
  public static final class Layers {
    private final Map<String, LayerUse> uses = new LinkedHashMap<>();

    /** Adds a layer. */
    public Layers add(String path, LayerUse use) {
      uses.put(path, use);
      return this;
    }

    /** Adds the layers of a module. */
    public Layers add(String path, Layers module) {
      module.uses.forEach((inner, use) -> uses.put(path + "." + inner, use));
      return this;
    }
  }

  /** Collects the layers of a network. */
  public static final class Builder {
    private final Map<String, Place> places = new HashMap<>();
    private final double imagePositions;

    /** Starts a network that computes an image at {@code imagePositions}. */
    public Builder(double imagePositions) {
      this.imagePositions = imagePositions;
    }

    /** Adds a layer outside of blocks. */
    public Builder layer(String path, LayerUse use) {
      places.put(path, new Place(ENDS, use));
      return this;
    }

    /** Adds the layers of a module outside of blocks. */
    public Builder module(String path, Layers layers) {
      return module(ENDS, path, layers);
    }

    /** Adds a list of {@code count} equal blocks. */
    public Builder blocks(String list, int count, Layers layers) {
      for (int i = 0; i < count; i++) {
        String path = list + "." + i;
        module(path, path, layers);
      }
      return this;
    }

    /** Adds a module of a block. */
    public Builder module(String block, String path, Layers layers) {
      layers.uses.forEach((inner, use) -> places.put(path + "." + inner, new Place(block, use)));
      return this;
    }

    /** Returns the network. */
    public NetworkLayout build() {
      return new NetworkLayout(places, imagePositions);
    }
  }
}
