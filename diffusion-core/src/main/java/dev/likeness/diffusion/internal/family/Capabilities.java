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
 * What an opened model can do beyond generating from prompts: one small object for each capability,
 * found by its type. What a model lacks is absent.
 */
public final class Capabilities {
  /** Capability without content: the network predicts windows of a large image, too. */
  public enum TiledSampling {
    SUPPORTED
  }

  /**
   * Capability without content: guidance by two prompts over a guidance embedding of the network's
   * own (true CFG).
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

  /** The capability of a type; empty where there is none. */
  public <C> Optional<C> find(Class<C> kind) {
    return objects.stream().filter(kind::isInstance).map(kind::cast).findFirst();
  }

  /**
   * Capability: the network can be degraded on purpose, for guidance away from its answer.
   *
   * @param kinds of degraded guidance
   */
  public record DegradedNetwork(Set<DegradedGuidance.Kind> kinds) {}

  /** Capability: prompts can be encoded once, mixed, and given instead of words. */
  @FunctionalInterface
  public interface PromptEmbeddings {
    /**
     * Embeddings of a request's prompt, owned by the calling scope; pooled is null where the
     * network is not given it.
     *
     * @throws IllegalArgumentException when the prompt changes over the steps
     */
    TextEncoding encode(ImageRequest request, Function<ModelComponent, Adaptation> adaptation);
  }
}
