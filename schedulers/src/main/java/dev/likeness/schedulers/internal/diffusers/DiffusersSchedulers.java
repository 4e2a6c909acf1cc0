package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerProvider;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** The scheduler classes of diffusers 0.42.1 by name. */
public final class DiffusersSchedulers implements SchedulerProvider {
  private static final Map<String, Function<Options, Scheduler>> CLASSES = classes();

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
    return CLASSES.get(className).apply(options);
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
    classes.put("FlowMapEulerDiscreteScheduler", FlowSchedulers::map);
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
    classes.put("LTXEulerAncestralRFScheduler", FlowSchedulers::ancestral);
    classes.put("MiniMaxH3Scheduler", FlowSchedulers::toSignal);
    classes.put("PNDMScheduler", PndmScheduler::of);
    classes.put("SASolverScheduler", DpmSchedulers::sa);
    classes.put("SCMScheduler", ConsistencySchedulers::trigonometric);
    classes.put("TCDScheduler", ConsistencySchedulers::tcd);
    classes.put("UnCLIPScheduler", DdpmSchedulers::unclip);
    classes.put("UniPCMultistepScheduler", UniPcScheduler::of);
    return classes;
  }
}
