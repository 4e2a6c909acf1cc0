package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.function.Function;

/** Capability: prompts can be encoded once, mixed, and given instead of words. */
@FunctionalInterface
public interface PromptEmbeddings {
  /**
   * Embeddings of a request's prompt, owned by the calling scope; pooled is null where the network
   * is not given it.
   *
   * @throws IllegalArgumentException when the prompt changes over the steps
   */
  TextEncoding encode(ImageRequest request, Function<ModelComponent, Adaptation> adaptation);
}
