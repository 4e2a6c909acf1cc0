package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.adapter.PromptChange;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * The capabilities of an opened model beyond generating from prompts: one object for each
 * capability, found by its type. A missing capability is absent.
 */
public final class Capabilities {
  /** Capability without content: the network can predict windows of a large image. */
  public enum TiledSampling {
    SUPPORTED
  }

  /** Capability without content: the network is a UNet with FreeU in its up blocks. */
  public enum FreeU {
    SUPPORTED
  }

  /**
   * Capability without content: classifier-free guidance in addition to a guidance embedding (true
   * CFG).
   */
  public enum TrueCfg {
    SUPPORTED
  }

  private final List<Object> objects;

  private Capabilities(List<Object> objects) {
    this.objects = objects;
  }

  /** The capabilities that are not null. */
  public static Capabilities of(Object... objects) {
    return new Capabilities(Stream.of(objects).filter(object -> object != null).toList());
  }

  /** The capability of a type; empty if the model lacks it. */
  public <C> Optional<C> find(Class<C> kind) {
    return objects.stream().filter(kind::isInstance).map(kind::cast).findFirst();
  }

  /**
   * Capability: the network supports degraded guidance.
   *
   * @param kinds supported kinds of degraded guidance
   */
  public record DegradedNetwork(Set<DegradedGuidance.Kind> kinds) {}

  /**
   * Capability: text encoders with prompts of their own, or with a choice of the number of tokens.
   *
   * @param encoders the number of text encoders that a request can give a prompt each
   * @param maxLength the largest number of tokens that a request may choose; 0 without a choice
   * @param zeros true if zeros replace all negative prompts where the first one is not set
   */
  public record TextInputs(int encoders, int maxLength, boolean zeros) {
    /** One prompt, and no choice of the number of tokens. */
    public static final TextInputs ONE = new TextInputs(1, 0, false);

    /** The prompts that a model accepts. */
    public static TextInputs of(OpenModel model) {
      return model.capability(TextInputs.class).orElse(ONE);
    }

    /** The number of tokens of a request, or the default where it chooses none. */
    public static int length(PromptOptions prompts, int usual) {
      return prompts.maxSequenceLength().orElse(usual);
    }
  }

  /**
   * Capability: the network takes sizes, and perhaps an aesthetic score.
   *
   * @param aestheticScore true if it takes an aesthetic score instead of the target size
   */
  public record SizeInputs(boolean aestheticScore) {}

  /** Capability: adapters can change the tokens of prompts, before and after encoding. */
  @FunctionalInterface
  public interface PromptTokens {
    /**
     * Encodes the prompts of a request, as {@link OpenModel#encode} does, with a change to its
     * prompt. The tensors belong to the calling scope.
     *
     * @throws IllegalArgumentException if the request has an embedding in place of its prompt, or a
     *     prompt with weights or schedules
     */
    Conditioning encode(
        ImageRequest request,
        Function<ModelComponent, Adaptation> adaptation,
        PromptChange change,
        PromptSchedule schedule);
  }

  /** Capability: prompts can be replaced by precomputed embeddings. */
  @FunctionalInterface
  public interface PromptEmbeddings {
    /**
     * Embeddings of a request's prompt, owned by the calling scope. Pooled is null if the network
     * does not take it.
     *
     * @throws IllegalArgumentException if the prompt changes over the steps
     */
    TextEncoding encode(ImageRequest request, Function<ModelComponent, Adaptation> adaptation);
  }

  /**
   * Capability: the network supports caching. Extrapolation of whole outputs needs no support.
   *
   * @param kinds supported kinds of caching inside the network
   * @param tokenMerging true if tokens can be merged for self-attention
   */
  public record CachePoints(Set<CachingOptions.Kind> kinds, boolean tokenMerging) {
    /** No caching inside the network. */
    public static final CachePoints NONE = new CachePoints(Set.of(), false);
    /** Deep layers and merged tokens, as in UNets. */
    public static final CachePoints UNET = new CachePoints(
        Set.of(CachingOptions.Kind.DEEP_CACHE, CachingOptions.Kind.DEEP_FORECAST), true);
    /** First-block cache, as in double-stream transformers. */
    public static final CachePoints BLOCKS =
        new CachePoints(Set.of(CachingOptions.Kind.FIRST_BLOCK), false);
  }

  /**
   * Capability: the network was trained for inpainting and takes the mask and the kept part as
   * additional channels.
   */
  public interface Inpainting {
    /**
     * The additional channels of the network's input.
     *
     * @param mask 1 where to generate, [1, 1, height, width] in pixels
     * @param kept latents of the kept part [batch, channels, h, w]
     * @return [batch, any, h, w]
     */
    Tensor conditioning(Tensor mask, Tensor kept);

    /**
     * Returns true if the image is encoded, which advances the random generator, even at strength
     * 1.
     */
    default boolean alwaysEncodesImage() {
      return false;
    }
  }

  /**
   * Capability: the network takes reference images in addition to the noise, to edit them. An
   * initial image of strength 1 is a reference image too; below 1, sampling starts from it instead;
   * with a mask, the network takes it at any strength. The reference latents are the mode of the
   * autoencoder's distribution.
   */
  public interface Editing {
    /** The largest number of reference images. */
    int maxImages();

    /**
     * Refuses an image whose size the network was not trained on.
     *
     * @throws IllegalArgumentException if the image is too small or too narrow
     */
    void requireUsable(RgbImage image);

    /**
     * The reference image, with sides of whole tokens.
     *
     * @param ownSize true if it keeps its size, instead of the nearest trained size
     */
    RgbImage prepare(RgbImage image, boolean ownSize);

    /**
     * The words by which a prompt refers to a reference image, as in the model's training. By
     * default there is one image, without a number.
     *
     * @param number the number of the image, from 1
     */
    default String imageName(int number) {
      return "the image";
    }
  }

  /**
   * Capability: the licence of the published weights, if it forbids commercial use.
   *
   * @param model the name of the published model
   * @param licence the name of its licence
   */
  public record NonCommercial(String model, String licence) {}

  /** Capability: the base supports ControlNets. */
  public interface ControlImages {
    /** The pixels of a control image as ControlNet input, [1, 3, height, width]. */
    Tensor pixels(ControlImage control, RgbImage image);

    /** Returns true if the base's ControlNets support guess mode. */
    default boolean supportsGuessMode() {
      return false;
    }

    /**
     * Encodes the control images of one ControlNet.
     *
     * @param rows number of rows of the plan
     * @param input the ControlNet's input for a control image: {@link #pixels}, or latents
     * @throws IllegalArgumentException if the ControlNet is for another base, or the control image
     *     lacks a mode
     */
    ControlInput encode(
        List<ControlImage> controls, int rows, Function<ControlImage, Tensor> input);
  }
}
