package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.ControlTokens;
import dev.likeness.diffusion.internal.adapter.Generation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.adapter.PromptChange;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.TextualInversion;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.jspecify.annotations.Nullable;

/** Stage 5: encodes prompts with the text encoders and the request's adapters. */
record PromptEncoding(OpenModel model) {
  /**
   * Encodes the prompts of each request. Requests with the same adapters share their adaptations.
   * The tensors belong to the calling scope.
   *
   * @param requests completed and compatible
   * @param known the encoded prompts of all requests, or null to encode them
   * @throws IllegalArgumentException if an adapter is for another base
   */
  List<Batch.Request> encode(
      List<ImageRequest> requests, PromptSchedule schedule, @Nullable Conditioning known) {
    Map<List<Adapter>, AppliedContribution> contributions = new HashMap<>();
    return requests.stream()
        .map(request -> {
          AppliedContribution applied =
              contributions.computeIfAbsent(request.adapters(), adapters -> apply(request));
          return new Batch.Request(
              request,
              applied.changes(),
              applied.controlTokens(),
              known == null ? encode(request, applied, schedule) : known);
        })
        .toList();
  }

  private Conditioning encode(
      ImageRequest request, AppliedContribution applied, PromptSchedule schedule) {
    Function<ModelComponent, Adaptation> adaptation = applied.changes()::get;
    if (applied.prompts() == PromptChange.NONE) {
      return model.encode(request, adaptation, schedule);
    }
    return model
        .capability(Capabilities.PromptTokens.class)
        .orElseThrow(() -> new IllegalArgumentException("a base of the family "
            + model.family().id()
            + " does not support adapters that change the tokens of prompts; leave the adapter"
            + " out, or use a base with a UNet"))
        .encode(request, adaptation, applied.prompts(), schedule);
  }

  /** What the adapters of a request add to its generation. */
  private record AppliedContribution(
      Map<ModelComponent, Adaptation> changes,
      PromptChange prompts,
      Map<ControlImage, ControlTokens> controlTokens) {}

  /**
   * Encodes a request's prompt to embeddings, without the changes that adapters make to the tokens
   * of prompts in single steps.
   *
   * @param encoder the base's encoder
   */
  public PromptEmbedding embedding(Capabilities.PromptEmbeddings encoder, ImageRequest request) {
    int factor = model.autoencoder().vaeScaleFactor();
    Generation generation = new Generation(
        model.compute(),
        false,
        Math.max(factor, request.width().orElse(0)),
        Math.max(factor, request.height().orElse(0)),
        factor);
    Contribution contribution = contribution(request);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      TextEncoding encoding =
          encoder.encode(request, component -> contribution.changes().of(component, generation));
      return new PromptEmbedding(
          ImageTensors.floats(encoding.tokens()),
          Math.toIntExact(encoding.tokens().size(1)),
          encoding.pooled() == null ? new float[0] : ImageTensors.floats(encoding.pooled()));
    }
  }

  private AppliedContribution apply(ImageRequest request) {
    Contribution contribution = contribution(request);
    Generation generation = model.generation(request);
    Map<ModelComponent, Adaptation> changes = new EnumMap<>(ModelComponent.class);
    for (ModelComponent component : ModelComponent.values()) {
      changes.put(
          component,
          model.tensorNames(component).isEmpty()
              ? Adaptation.NONE
              : contribution.changes().of(component, generation));
    }
    return new AppliedContribution(
        changes,
        contribution.prompts().of(generation),
        controlTokens(request, contribution, generation));
  }

  private Map<ControlImage, ControlTokens> controlTokens(
      ImageRequest request, Contribution contribution, Generation generation) {
    Map<ControlImage, ControlTokens> all = new HashMap<>();
    // Sampling asks with the control images that it sees, which a cropped mask crops.
    List<ControlImage> sampled = MaskCrop.apply(request).controlImages();
    for (int i = 0; i < sampled.size(); i++) {
      ControlImage seen = sampled.get(i);
      contribution
          .controlTokens()
          .of(request.controlImages().get(i), generation)
          .ifPresent(tokens -> all.put(seen, tokens));
    }
    return all;
  }

  /**
   * What the request's adapters add.
   *
   * @throws IllegalArgumentException if an adapter is for another base
   */
  private Contribution contribution(ImageRequest request) {
    request.adapters().forEach(adapter -> ModelAdapter.of(adapter).requireCompatible(model));
    return Contribution.of(request.adapters());
  }

  /**
   * Warnings for completed requests, without repetition: truncated prompts, words that a text
   * encoder was not trained on, negative prompts without guidance, placeholder tokens that no
   * prompt names.
   */
  Stream<String> warnings(List<ImageRequest> requests) {
    Stream<String> cut =
        requests.stream().flatMap(this::truncatedPrompts).map(TruncatedPrompt::message);
    Stream<String> unguided = requests.stream()
        .filter(request -> !model.isGuided(request))
        .filter(request -> texts(request, true).anyMatch(text -> !text.isBlank())
            || request.negativeEmbedding().isPresent())
        .map(request ->
            "the negative prompt has no effect: classifier-free guidance (--guidance, or --true-cfg"
                + " with a guidance embedding) is off, or this base does not support it");
    Stream<String> zeros = requests.stream()
        .filter(
            request -> model.isGuided(request) && request.prompts().negative().isEmpty())
        .filter(request -> texts(request, true).anyMatch(text -> !text.isBlank()))
        .filter(request -> Capabilities.TextInputs.of(model).zeros())
        .map(request ->
            "negative_prompt_2 has no effect without a negative prompt, because this base"
                + " then uses zeros for all negative prompts");
    List<TextualInversion> inversions = requests.stream()
        .flatMap(request -> request.prompts().textualInversions().stream())
        .distinct()
        .toList();
    List<TextualInversion> named = inversions.stream()
        .filter(inversion -> requests.stream()
            .anyMatch(request -> Stream.concat(texts(request, false), texts(request, true))
                .anyMatch(text -> inversion.find(text) >= 0)))
        .toList();
    // The same embeddings may have several names, of which a prompt needs one.
    Stream<String> unnamed = inversions.stream()
        .filter(inversion ->
            named.stream().noneMatch(other -> other.withToken(inversion.token()).equals(inversion)))
        .map(inversion -> "the textual inversion " + Quoted.of(inversion.token())
            + " has no effect: no prompt names its token");
    Stream<String> unknown = requests.stream().flatMap(this::unknownWords);
    return Stream.of(cut, unknown, unguided, zeros, unnamed)
        .flatMap(warnings -> warnings)
        .distinct();
  }

  /**
   * The truncated text of a request's prompts. Embeddings and prompts in chunks are not truncated.
   */
  private Stream<TruncatedPrompt> truncatedPrompts(ImageRequest request) {
    return request.prompts().syntax() != PromptSyntax.PLAIN
        ? Stream.of()
        : encodedPrompts(request)
            .flatMap(negative -> model.truncated(request.prompts(), negative))
            .filter(cut -> !cut.text().isEmpty());
  }

  /** A warning for each text encoder that was not trained on all words of the prompts. */
  private Stream<String> unknownWords(ImageRequest request) {
    List<LoadedClip> textEncoders = model.clipTextEncoders();
    return IntStream.range(0, textEncoders.size())
        .filter(i -> !unknownWords(request, textEncoders.get(i), i).isEmpty())
        .mapToObj(i -> textEncoders.get(i).component().folder()
            + " was not trained on these words of the prompt: "
            + unknownWords(request, textEncoders.get(i), i).stream()
                .map(word -> Quoted.of(word))
                .collect(Collectors.joining(", "))
            + "; their effect is random, so use other words");
  }

  private List<String> unknownWords(ImageRequest request, LoadedClip textEncoder, int index) {
    PromptOptions prompts = request.prompts();
    return encodedPrompts(request)
        .map(negative -> prompts.text(index, negative))
        .flatMap(text ->
            textEncoder
                .tokenizer()
                .unknownWords(text, prompts.syntax(), prompts.textualInversions())
                .stream())
        .distinct()
        .toList();
  }

  /**
   * The prompts that text encoders encode: true for the negative prompt, which only a guided
   * generation uses. An embedding replaces its prompt.
   */
  private Stream<Boolean> encodedPrompts(ImageRequest request) {
    Stream<Boolean> prompt = request.embedding().isPresent() ? Stream.of() : Stream.of(false);
    Stream<Boolean> negativePrompt =
        request.negativeEmbedding().isPresent() || !model.isGuided(request)
            ? Stream.of()
            : Stream.of(true);
    return Stream.concat(prompt, negativePrompt);
  }

  /** The prompts of the text encoders. */
  private static Stream<String> texts(ImageRequest request, boolean negativePrompt) {
    return IntStream.range(0, request.prompts().encoderPrompts().last())
        .mapToObj(encoder -> request.prompts().text(encoder, negativePrompt));
  }
}
