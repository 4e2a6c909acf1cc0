package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.BlockAddition;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.ControlTokens;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.PromptChange;
import dev.likeness.diffusion.internal.adapter.PromptToken;
import dev.likeness.diffusion.internal.family.chroma.ChromaConfig;
import dev.likeness.diffusion.internal.family.chroma.ChromaTransformer2DModel;
import dev.likeness.diffusion.internal.family.flux.FluxConfig;
import dev.likeness.diffusion.internal.family.flux.FluxTransformer2DModel;
import dev.likeness.diffusion.internal.family.flux2.Flux2Config;
import dev.likeness.diffusion.internal.family.flux2.Flux2Transformer2DModel;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Adapters behind transformer blocks and in prompts, beside hooks on diffusers' networks and
 * pipelines: {@code tools/goldens/adapter_hooks.py}.
 */
@ExtendWith(NoTensorLeaks.class)
class AdapterHooksParityTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a cat").steps(3).size(32, 24).seed(4).guidance(4);

  @TempDir
  private Path scratch;

  static List<GoldenImages.Run> behind() {
    return runs("behind");
  }

  static List<GoldenImages.Run> replaced() {
    return runs("replaced");
  }

  private static List<GoldenImages.Run> runs(String kind) {
    return GoldenImages.runs("adapter-hooks").stream()
        .filter(run -> run.text("kind").equals(kind))
        .toList();
  }

  /** Cross-attention with one head to identity tokens. */
  private record IdentityAttention(GoldenImages golden, int run, double scale)
      implements BlockAddition {
    @Override
    public Tensor to(Tensor image) {
      Tensor identity = read("identity");
      Tensor query = torch.matmul(image, read("q"));
      Tensor keys = torch.matmul(identity, read("k")).transpose(1, 2);
      Tensor scores = torch.matmul(query, keys).div(new Scalar(Math.sqrt(query.size(2))));
      return torch
          .matmul(torch.softmax(scores, -1), torch.matmul(identity, read("v")))
          .mul(new Scalar(scale));
    }

    private Tensor read(String name) {
      return golden.tensor("run" + run + "." + name);
    }
  }

  /** Additions behind the named blocks. */
  private record Behind(List<String> blocks, List<BlockAddition> additions) implements Adaptation {
    @Override
    public List<BlockAddition> additionsBehind(String block) {
      return blocks.contains(block) ? additions : List.of();
    }
  }

  @ParameterizedTest
  @MethodSource("behind")
  void addsBehindBlocksAsHooksOfDiffusersDo(GoldenImages.Run run) {
    Path part = PipelineFolder.write(run.text("folder"), scratch).path().resolve("transformer");
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        GoldenImages golden = GoldenImages.open("adapter-hooks", scratch);
        LoadedWeights weights = new LoadedWeights(
            Safetensors.open(part.resolve("diffusion_pytorch_model.safetensors")), Compute.EXACT)) {
      List<String> blocks = new ArrayList<>();
      numbers(run, "doubles").forEach(i -> blocks.add("transformer_blocks." + i.intValue()));
      numbers(run, "singles").forEach(i -> blocks.add("single_transformer_blocks." + i.intValue()));
      // One adapter for each scale, so that several sums behind a block are joined.
      Adaptation adaptation = numbers(run, "scales").stream()
          .<Adaptation>map(scale -> new Behind(
              blocks, List.of(new IdentityAttention(golden, run.index(), scale.doubleValue()))))
          .reduce(Adaptation.NONE, Adaptation::and);
      Tensor output = forward(
          ModelConfig.read(part.resolve("config.json")),
          Weights.of(weights, adaptation),
          golden,
          run);
      Closeness.assertWithinSpread(1e-4, tensor(golden, run, "output"), output, run.toString());
    }
  }

  private static Tensor forward(
      ModelConfig config, Weights w, GoldenImages golden, GoldenImages.Run run) {
    Tensor image = tensor(golden, run, "image");
    Tensor text = tensor(golden, run, "text");
    Tensor time = torch.tensor(new float[] {0.5f});
    Tensor positions = LatentPacking.positionsAfterText(text.size(1), 6, 4);
    return switch (run.text("folder")) {
      case "klein/base" -> {
        Flux2Config flux2 = Flux2Config.of(config);
        yield new Flux2Transformer2DModel(flux2, w)
            .forward(
                image,
                time,
                text,
                Flux2Config.Flux2Positions.rotation(
                    flux2, text.size(1), 3, 2, List.of(), new Device("cpu")),
                null,
                null);
      }
      case "chroma/base" -> {
        ChromaConfig chroma = ChromaConfig.of(config);
        yield new ChromaTransformer2DModel(chroma, w)
            .forward(
                image,
                time,
                text,
                torch.ones(2, 1, text.size(1) + 6, text.size(1) + 6),
                RotaryEmbedding.of(positions, chroma.axes()),
                null,
                SegmentRunner.PLAIN);
      }
      default -> {
        FluxConfig flux = FluxConfig.of(config);
        yield new FluxTransformer2DModel(flux, w)
            .forward(
                image,
                time,
                new FluxTransformer2DModel.Inputs(
                    text, tensor(golden, run, "pooled"), torch.tensor(new float[] {3.5f})),
                RotaryEmbedding.of(positions, flux.axes()));
      }
    };
  }

  @SuppressWarnings("unchecked")
  private static List<Number> numbers(GoldenImages.Run run, String name) {
    return (List<Number>) run.arguments().get(name);
  }

  private static Tensor tensor(GoldenImages golden, GoldenImages.Run run, String name) {
    return golden.tensor("run" + run.index() + "." + name);
  }

  /**
   * From a step on, leaves out the token behind a position, and blends the encoded token at that
   * position with a vector. Before that step, the prompt is as it was.
   *
   * @param position of the token, from 0 at the begin token
   */
  private record Replacement(Tensor vector, int position, double start, boolean isShorter)
      implements PromptChange {
    @Override
    public List<PromptToken> beforeEncoding(List<PromptToken> prompt, Vocabulary vocabulary) {
      List<PromptToken> tokens = new ArrayList<>(prompt);
      tokens.set(position - 1, tokens.get(position - 1).marked(this));
      if (isShorter) {
        tokens.remove(position);
      }
      return tokens;
    }

    @Override
    public Tensor afterEncoding(Tensor encoded, List<PromptToken> tokens) {
      List<Integer> mine = IntStream.range(0, tokens.size())
          .filter(i -> this.equals(tokens.get(i).mark()))
          .boxed()
          .toList();
      assertEquals(List.of(position), mine, "position of the marked token");
      Tensor old = encoded.narrow(1, position, 1);
      return torch.cat(
          new TensorVector(
              encoded.narrow(1, 0, position),
              old.mul(new Scalar(0.5)).add(vector.view(1, 1, -1)),
              encoded.narrow(1, position + 1, encoded.size(1) - position - 1)),
          1);
    }

    @Override
    public PromptChange at(double progress) {
      return progress >= start ? this : NONE;
    }
  }

  @ParameterizedTest
  @MethodSource("replaced")
  void replacesTheTokenFromAStepOnAsDiffusersDoes(GoldenImages.Run run) {
    GoldenFolder folder =
        GoldenFolder.write(run.text("folder"), GoldenFolder.KeyFormat.CURRENT, scratch);
    folder.schedule(run.scheduler());
    try (TensorScope scope = TensorScope.open();
        GoldenImages golden = GoldenImages.open("adapter-hooks", scratch);
        BaseModel base = BaseModel.open(folder.path(), Compute.EXACT)) {
      PromptChange change = new Replacement(
          tensor(golden, run, "vector"),
          run.integer("position"),
          run.number("start", 0) / run.integer("steps"),
          Boolean.TRUE.equals(run.arguments().get("shorter")));
      ModelAdapter adapter = () -> Contribution.NONE.withPrompts(generation -> change);
      golden.compareLatents(
          run, base.generateAll(GoldenImages.baseRequest(run).adapter(adapter), Run.silent()));
    }
  }

  static List<GoldenImages.Run> controlled() {
    return runs("controlled");
  }

  @ParameterizedTest
  @MethodSource("controlled")
  void letsControlNetsAttendToTokensOfAnAdapter(GoldenImages.Run run) {
    Path folder = PipelineFolder.any(run.text("folder"), scratch);
    GoldenFolder.schedule(folder, (Map<?, ?>) run.arguments().get("scheduler"));
    List<ControlNet> nets = strings(run, "nets").stream()
        .map(name -> BaseModel.openControlNet(TinyControlNets.write(name, scratch), Compute.EXACT))
        .toList();
    try (TensorScope scope = TensorScope.open();
        GoldenImages golden = GoldenImages.open("adapter-hooks", scratch);
        BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      ControlTokens tokens =
          new ControlTokens(tensor(golden, run, "unwanted"), tensor(golden, run, "wanted"));
      List<ControlImage> controls = IntStream.range(0, nets.size())
          .mapToObj(i -> ControlNetParityTest.controlImage(run, nets.get(i), i))
          .toList();
      List<ControlImage> own =
          numbers(run, "own").stream().map(i -> controls.get(i.intValue())).toList();
      ModelAdapter adapter = () -> Contribution.NONE
          .withControls(controls)
          .withControlTokens((control, generation) ->
              own.contains(control) ? Optional.of(tokens) : Optional.empty());
      golden.compareLatents(
          run, base.generateAll(GoldenImages.baseRequest(run).adapter(adapter), Run.silent()));
    } finally {
      nets.forEach(ControlNet::close);
    }
  }

  @SuppressWarnings("unchecked")
  private static List<String> strings(GoldenImages.Run run, String name) {
    return (List<String>) run.arguments().get(name);
  }

  @Test
  void appliesChangesOneAfterTheOther() {
    PromptChange first = appending(7);
    PromptChange both = first.and(appending(8)).and(PromptChange.NONE);
    assertEquals(
        List.of(PromptToken.of(1), PromptToken.of(7), PromptToken.of(8)),
        both.beforeEncoding(List.of(PromptToken.of(1)), text -> new int[0]));
    assertEquals(first, PromptChange.NONE.and(first));
  }

  private static PromptChange appending(int id) {
    return new PromptChange() {
      @Override
      public List<PromptToken> beforeEncoding(List<PromptToken> prompt, Vocabulary vocabulary) {
        List<PromptToken> longer = new ArrayList<>(prompt);
        longer.add(PromptToken.of(id));
        return longer;
      }
    };
  }

  @Test
  void truncatesALongerPrompt() {
    String dogs = "dog ".repeat(100);
    try (BaseModel base = open("sd1/base")) {
      PromptChange longer = new PromptChange() {
        @Override
        public List<PromptToken> beforeEncoding(List<PromptToken> prompt, Vocabulary vocabulary) {
          return IntStream.of(vocabulary.ids(dogs)).mapToObj(PromptToken::of).toList();
        }

        @Override
        public Tensor afterEncoding(Tensor encoded, List<PromptToken> tokens) {
          assertEquals(encoded.size(1), tokens.size());
          return encoded;
        }
      };
      assertEquals(
          base.generate(REQUEST.prompt(dogs)).image(),
          base.generate(REQUEST.adapter(
                  (ModelAdapter) () -> Contribution.NONE.withPrompts(generation -> longer)))
              .image());
    }
  }

  @Test
  void refusesPromptsWithoutTokensOfTheirOwn() {
    ModelAdapter adapter = () -> Contribution.NONE.withPrompts(generation -> appending(7));
    try (BaseModel base = open("sd1/base")) {
      assertRefused(
          "an adapter of the request changes tokens of the prompt, but the request has the prompt"
              + " syntax \"a1111\"; give a plain prompt",
          base,
          REQUEST.syntax(PromptSyntax.A1111).adapter(adapter));
      assertRefused(
          "an adapter of the request changes tokens of the prompt, but the request has an embedding"
              + " in place of the prompt; give a plain prompt",
          base,
          REQUEST.embedding(base.encode("a dog")).adapter(adapter));
    }
  }

  @Test
  void refusesDifferentPromptsForTwoTextEncoders() {
    PromptChange marking = new PromptChange() {
      @Override
      public List<PromptToken> beforeEncoding(List<PromptToken> prompt, Vocabulary vocabulary) {
        return prompt.stream().map(token -> token.marked("mine")).toList();
      }
    };
    ModelAdapter adapter = () -> Contribution.NONE.withPrompts(generation -> marking);
    try (BaseModel base = open("sdxl/xl-base")) {
      base.generate(REQUEST.adapter(adapter));
      assertRefused(
          "an adapter of the request changes tokens of the prompt, so the prompts of all text"
              + " encoders must be equal, got \"a cat\" and \"a dog on a mat\"; leave prompt_2 out",
          base,
          REQUEST
              .prompts(REQUEST
                  .prompts()
                  .encoderPrompts(new PromptOptions.EncoderPrompts(
                      Optional.of("a dog on a mat"),
                      Optional.empty(),
                      Optional.empty(),
                      Optional.empty())))
              .adapter(adapter));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"flux/dev", "sd3/medium", "zimage/turbo", "klein/base", "chroma/base"})
  void refusesBasesWhosePromptsHaveNoHook(String folder) {
    ModelAdapter adapter = () -> Contribution.NONE.withPrompts(generation -> appending(7));
    try (BaseModel base = open(folder)) {
      assertRefused(
          "a base of the family " + folder.replaceFirst("/.*", "").replace("klein", "flux2")
              + " does not support adapters that change the tokens of prompts; leave the adapter"
              + " out, or use a base with a UNet",
          base,
          REQUEST.size(32, 32).adapter(adapter));
    }
  }

  private BaseModel open(String folder) {
    return BaseModel.open(PipelineFolder.any(folder, scratch), Compute.EXACT);
  }

  private static void assertRefused(String message, BaseModel base, ImageRequest request) {
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> base.generate(request))
            .getMessage());
  }
}
