package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.adapter.Generation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.FaceKeypoints;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.ipadapter.IpAdapter;
import dev.likeness.ipadapter.internal.attention.TokenBranch;
import dev.likeness.ipadapter.internal.attention.TokenMemories;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.projection.IdFormer;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import dev.likeness.ipadapter.reference.EmbeddingOrigin;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.lora.Lora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does identity conditioning add to a step of an SDXL? Requests of one step and of three tell
 * what is paid once, such as the tokens of a person, and what each step pays; {@code none} is the
 * baseline. {@code tools/real_size/folders.py --narrow} makes the base of {@code -p base=FOLDER}
 * with random weights and a ControlNet for it, and prints how many products each method adds.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 2, time = 1)
@Fork(1)
public class IdentityBenchmark {
  /** The rank of PhotoMaker's LoRA. */
  private static final int RANK = 64;
  /** The width of the small networks that make tokens. */
  private static final int WIDTH = 64;

  private static final int POOLED = 8;
  private static final int FACE = 512;

  /** A diffusers folder of SDXL. */
  @Param("")
  public String base;

  /**
   * {@code instantid} is its adapter alone, {@code instantid-whole} has its ControlNet;
   * {@code photomaker} is its LoRA, because its tokens take the place of words.
   */
  @Param({"none", "instantid", "instantid-whole", "pulid", "photomaker"})
  public String method;

  @Param({"1", "3"})
  public int steps;

  /** Pixels along each side of the image. */
  @Param("256")
  public int side;

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private BaseModel model;
  private ImageRequest request;
  private Path file;

  @Setup(Level.Trial)
  public void open() throws IOException {
    model = keep(BaseModel.open(Path.of(base), Compute.of("cpu", "f32")));
    file = Files.createTempFile("adapter", ".safetensors");
    ImageRequest plain = ImageRequest.of("studio portrait of a woman")
        .negative("blurry")
        .guidance(5)
        .size(side, side)
        .steps(steps)
        .seed(1);
    request = switch (method) {
      case "none" -> plain;
      case "instantid" -> plain.adapter(instantId().at(0.8));
      case "instantid-whole" -> {
        ControlNet net =
            keep(BaseModel.openControlNet(Path.of(base, "controlnet"), model.compute()));
        ControlImage face = ControlImage.of(net, FaceKeypoints.ofPose("front", 0.2, side, side));
        yield plain.adapter(instantId().withControl(face.scale(0.8)).at(0.8));
      }
      case "pulid" -> plain.adapter(pulid());
      default -> {
        Lora lora = keep(RandomWeights.lora(model, RANK));
        yield plain.adapter(lora.at(1));
      }
    };
  }

  private <T extends AutoCloseable> T keep(T resource) {
    opened.push(resource);
    return resource;
  }

  private static float[] face() {
    float[] numbers = new float[FACE];
    numbers[3] = 20;
    return numbers;
  }

  private ImagePrompt instantId() {
    RandomWeights.instantId(file, model);
    IpAdapter adapter = keep(IpAdapter.open(file, model));
    return adapter.prompt(List.of(Reference.face(face(), RgbImage.of(1, 1, new byte[3]))));
  }

  /** PuLID's attentions and encoder, given features of a face instead of a vision tower. */
  private ModelAdapter pulid() {
    RandomWeights.pulid(file, model, WIDTH, FACE + POOLED);
    AdapterSites sites = AdapterSites.of(model);
    AdapterLayout layout = AdapterHeader.layout(file);
    LoadedWeights weights = keep(new LoadedWeights(AdapterHeader.open(file), model.compute()));
    IdentityMethod.Opened adapter = layout.method().open(layout, sites, weights, model.compute());
    adapter.readAll();
    int rows = 1 + IdFormer.HIDDEN_STATES * 4;
    ReferenceEmbeddings references = new ReferenceEmbeddings(
        Optional.of(new ReferenceEmbeddings.Grid(new float[rows * WIDTH], 1, rows, WIDTH)),
        Optional.empty(),
        Optional.of(new ReferenceEmbeddings.Grid(face(), 1, 1, FACE)),
        List.of(1.0),
        EmbeddingOrigin.UNKNOWN);
    return ModelAdapter.changing((component, generation) -> component == ModelComponent.UNET
        ? attending(adapter, references, sites, generation)
        : Adaptation.NONE);
  }

  private static Adaptation attending(
      IdentityMethod.Opened adapter,
      ReferenceEmbeddings references,
      AdapterSites sites,
      Generation generation) {
    TokenMemories shown = adapter.memories(references, false, Double.NaN);
    TokenMemories nothing =
        generation.usesGuidance() ? adapter.memories(references, true, Double.NaN) : null;
    Map<String, AttentionBranch> branches = new HashMap<>();
    for (int t = 0; t < sites.paths().size(); t++) {
      branches.put(
          sites.attention(t),
          new TokenBranch(nothing == null ? null : nothing.at(t, 0.8), shown.at(t, 0.8), null));
    }
    return new Adaptation() {
      @Override
      public List<AttentionBranch> branches(String module) {
        AttentionBranch branch = branches.get(module);
        return branch == null ? List.of() : List.of(branch);
      }
    };
  }

  @TearDown(Level.Trial)
  public void close() throws Exception {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
    Files.delete(file);
  }

  @Benchmark
  public Object generate() {
    return model.generate(request);
  }
}
