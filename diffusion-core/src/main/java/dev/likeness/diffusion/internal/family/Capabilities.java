package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The capabilities of an opened model beyond generating from prompts: one object for each
 * capability, found by its type. A missing capability is absent.
 */
public final class Capabilities {
  /** Capability without content: the network can predict windows of a large image. */
  public enum TiledSampling {
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
}
