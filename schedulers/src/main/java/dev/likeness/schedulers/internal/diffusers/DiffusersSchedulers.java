package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerProvider;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** The scheduler classes of diffusers 0.42.1 by name. */
public final class DiffusersSchedulers implements SchedulerProvider {
  private static final Map<String, Function<Options, Scheduler>> CLASSES = classes();
  /** Ends with a sigma of its own. */
  private static final String LTX = "LTXEulerAncestralRFScheduler";

  private static final String LENGTH = "num_train_timesteps";
  /** The most training timesteps; tables of them are kept in memory. */
  private static final int LONGEST = 100_000;

  @Override
  public Set<String> classNames() {
    return CLASSES.keySet();
  }

  @Override
  public Options defaults(String className) {
    return OptionDefaults.of(className);
  }

  @Override
  public Scheduler configure(String className, Options options) {
    if (options.isSet(LENGTH)
        && !(options.number(LENGTH) >= 1 && options.number(LENGTH) <= LONGEST)) {
      throw new IllegalArgumentException("option \"" + LENGTH + "\" of " + className
          + " must be from 1 to " + LONGEST + ", got " + options.number(LENGTH));
    }
    return CLASSES.get(className).apply(options);
  }

  @Override
  public boolean makesOwnSigmas(String className, Options options) {
    return className.equals(LTX)
        || options.has("use_flow_sigmas") && options.flag("use_flow_sigmas");
  }

  private static Map<String, Function<Options, Scheduler>> classes() {
    Map<String, Function<Options, Scheduler>> classes = new TreeMap<>();
    classes.put("CMStochasticIterativeScheduler", ConsistencySchedulers::iterative);
    classes.put("CogVideoXDDIMScheduler", DdpmSchedulers::cogVideoDdim);
    classes.put("CogVideoXDPMScheduler", DdpmSchedulers::cogVideoDpm);
    classes.put("ConsistencyDecoderScheduler", ConsistencySchedulers::decoder);
    classes.put("CosineDPMSolverMultistepScheduler", EdmSchedulers::cosine);
    classes.put("DDIMInverseScheduler", DdpmSchedulers::ddimInverse);
    classes.put("DDIMParallelScheduler", DdpmSchedulers::ddim);
    classes.put("DDIMScheduler", DdpmSchedulers::ddim);
    classes.put("DDPMParallelScheduler", DdpmSchedulers::ddpm);
    classes.put("DDPMScheduler", DdpmSchedulers::ddpm);
    classes.put("DDPMWuerstchenScheduler", DdpmSchedulers::wuerstchen);
    classes.put("DEISMultistepScheduler", DpmSchedulers::deis);
    classes.put("DPMSolverMultistepInverseScheduler", DpmSchedulers::inverse);
    classes.put("DPMSolverMultistepScheduler", DpmSchedulers::multistep);
    classes.put("DPMSolverSDEScheduler", EulerSchedulers::dpmSde);
    classes.put("DPMSolverSinglestepScheduler", DpmSchedulers::singlestep);
    classes.put("EDMDPMSolverMultistepScheduler", EdmSchedulers::multistep);
    classes.put("EDMEulerScheduler", EdmSchedulers::euler);
    classes.put("EulerAncestralDiscreteScheduler", EulerSchedulers::eulerAncestral);
    classes.put("EulerDiscreteScheduler", EulerSchedulers::euler);
    classes.put("FlowMapEulerDiscreteScheduler", FlowSchedulers::flowMapEuler);
    classes.put("FlowMatchEulerDiscreteScheduler", FlowSchedulers::euler);
    classes.put("FlowMatchHeunDiscreteScheduler", FlowSchedulers::heun);
    classes.put("FlowMatchLCMScheduler", FlowSchedulers::lcm);
    classes.put("HeunDiscreteScheduler", EulerSchedulers::heun);
    classes.put("IPNDMScheduler", DdpmSchedulers::ipndm);
    classes.put("KDPM2AncestralDiscreteScheduler", EulerSchedulers::dpm2Ancestral);
    classes.put("KDPM2DiscreteScheduler", EulerSchedulers::dpm2);
    classes.put("KarrasVeScheduler", EdmSchedulers::karrasVe);
    classes.put("LCMScheduler", ConsistencySchedulers::lcm);
    classes.put("LMSDiscreteScheduler", EulerSchedulers::lms);
    classes.put(LTX, FlowSchedulers::eulerAncestral);
    classes.put("MiniMaxH3Scheduler", FlowSchedulers::miniMaxH3);
    classes.put("PNDMScheduler", PndmScheduler::of);
    classes.put("SASolverScheduler", DpmSchedulers::sa);
    classes.put("SCMScheduler", ConsistencySchedulers::trigFlow);
    classes.put("TCDScheduler", ConsistencySchedulers::tcd);
    classes.put("UnCLIPScheduler", DdpmSchedulers::unclip);
    classes.put("UniPCMultistepScheduler", UniPcScheduler::of);
    return classes;
  }

  /**
   * The default options of every scheduler class of diffusers 0.42.1.
   *
   * <p>{@code tools/goldens/schedulers_defaults.py} writes {@code defaults.txt} from the classes.
   * Added to it are options that a class reads from a config without declaring them.
   */
  static final class OptionDefaults {
    private static final Set<String> FLOW_SIGMA_OPTIONS = Set.of(
        "shift",
        "use_dynamic_shifting",
        "time_shift_type",
        "shift_terminal",
        "use_karras_sigmas",
        "use_exponential_sigmas",
        "use_beta_sigmas",
        "sigma_min",
        "sigma_max",
        "invert_sigmas");
    private static final Map<String, Map<String, Object>> BY_CLASS = read();

    private OptionDefaults() {}

    static Options of(String className) {
      return new Options(className, BY_CLASS.get(className));
    }

    private static Map<String, Map<String, Object>> read() {
      Map<String, Map<String, Object>> byClass = new TreeMap<>();
      try (var lines = new BufferedReader(new InputStreamReader(
          OptionDefaults.class.getResourceAsStream("defaults.txt"), StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (!line.startsWith("#")) {
            String[] words = line.split(" ", 3);
            byClass
                .computeIfAbsent(words[0], name -> new HashMap<>())
                .put(words[1], value(words[2]));
          }
        }
      } catch (IOException e) {
        throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
      }
      addUndeclared(byClass);
      return Collections.unmodifiableMap(byClass);
    }

    private static void addUndeclared(Map<String, Map<String, Object>> byClass) {
      byClass.values().stream()
          .filter(options -> options.containsKey("use_karras_sigmas"))
          .forEach(options -> {
            options.putIfAbsent("sigma_min", null);
            options.putIfAbsent("sigma_max", null);
          });
      Map<String, Object> sigmaSchedule =
          new HashMap<>(byClass.get("FlowMatchEulerDiscreteScheduler"));
      sigmaSchedule.keySet().retainAll(FLOW_SIGMA_OPTIONS);
      byClass.get(DiffusersSchedulers.LTX).putAll(sigmaSchedule);
    }

    private static Object value(String text) {
      return switch (text) {
        case "null" -> null;
        case "true" -> true;
        case "false" -> false;
        case "[]" -> List.of();
        default ->
          text.startsWith("\"")
              ? text.substring(1, text.length() - 1)
              : (Object) Double.valueOf(text);
      };
    }
  }
}
