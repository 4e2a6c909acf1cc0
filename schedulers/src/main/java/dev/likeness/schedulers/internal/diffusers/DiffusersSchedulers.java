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
    classes.put("CogVideoXDDIMScheduler", TrainedSchedulers::cogVideoDdim);
    classes.put("CogVideoXDPMScheduler", TrainedSchedulers::cogVideoDpm);
    classes.put("ConsistencyDecoderScheduler", ConsistencySchedulers::decoder);
    classes.put("CosineDPMSolverMultistepScheduler", EdmSchedulers::cosine);
    classes.put("DDIMInverseScheduler", TrainedSchedulers::ddimInverse);
    classes.put("DDIMParallelScheduler", TrainedSchedulers::ddim);
    classes.put("DDIMScheduler", TrainedSchedulers::ddim);
    classes.put("DDPMParallelScheduler", TrainedSchedulers::ddpm);
    classes.put("DDPMScheduler", TrainedSchedulers::ddpm);
    classes.put("DDPMWuerstchenScheduler", TrainedSchedulers::wuerstchen);
    classes.put("DEISMultistepScheduler", DpmSolvers::deis);
    classes.put("DPMSolverMultistepInverseScheduler", DpmSolvers::inverse);
    classes.put("DPMSolverMultistepScheduler", DpmSolvers::multistep);
    classes.put("DPMSolverSDEScheduler", ExplodingSchedulers::dpmSde);
    classes.put("DPMSolverSinglestepScheduler", DpmSolvers::singlestep);
    classes.put("EDMDPMSolverMultistepScheduler", EdmSchedulers::multistep);
    classes.put("EDMEulerScheduler", EdmSchedulers::euler);
    classes.put("EulerAncestralDiscreteScheduler", ExplodingSchedulers::eulerAncestral);
    classes.put("EulerDiscreteScheduler", ExplodingSchedulers::euler);
    classes.put("FlowMapEulerDiscreteScheduler", FlowSchedulers::map);
    classes.put("FlowMatchEulerDiscreteScheduler", FlowSchedulers::euler);
    classes.put("FlowMatchHeunDiscreteScheduler", FlowSchedulers::heun);
    classes.put("FlowMatchLCMScheduler", FlowSchedulers::lcm);
    classes.put("HeunDiscreteScheduler", ExplodingSchedulers::heun);
    classes.put("IPNDMScheduler", TrainedSchedulers::ipndm);
    classes.put("KDPM2AncestralDiscreteScheduler", ExplodingSchedulers::dpm2Ancestral);
    classes.put("KDPM2DiscreteScheduler", ExplodingSchedulers::dpm2);
    classes.put("KarrasVeScheduler", EdmSchedulers::karrasVe);
    classes.put("LCMScheduler", ConsistencySchedulers::lcm);
    classes.put("LMSDiscreteScheduler", ExplodingSchedulers::lms);
    classes.put("LTXEulerAncestralRFScheduler", FlowSchedulers::ancestral);
    classes.put("MiniMaxH3Scheduler", FlowSchedulers::toSignal);
    classes.put("PNDMScheduler", PndmScheduler::of);
    classes.put("SASolverScheduler", DpmSolvers::sa);
    classes.put("SCMScheduler", ConsistencySchedulers::trigonometric);
    classes.put("TCDScheduler", ConsistencySchedulers::tcd);
    classes.put("UnCLIPScheduler", TrainedSchedulers::unclip);
    classes.put("UniPCMultistepScheduler", UniPcScheduler::of);
    return classes;
  }
}
