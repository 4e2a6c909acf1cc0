package dev.likeness.integrations.spring;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.headshots.GenerationQueue;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Creates a health indicator of the base model and this machine. If the property
 * {@code management.health.likeness.enabled} is false, no indicator is created. The indicator uses
 * the health types of Spring Boot 3.5 or of 4.0, because these versions have them in different
 * packages.
 */
@AutoConfiguration(after = LikenessAutoConfiguration.class)
@ConditionalOnBean(BaseModel.class)
@ConditionalOnProperty(name = "management.health.likeness.enabled", matchIfMissing = true)
public class LikenessHealthAutoConfiguration {
  private static final String NAME = "likenessHealthIndicator";
  private static final String PROBLEM = "problem";

  /** Creates the configuration. */
  public LikenessHealthAutoConfiguration() {}

  /** Spring Boot 3.5. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(org.springframework.boot.actuate.health.HealthIndicator.class)
  static class Boot3 {
    @Bean
    @ConditionalOnMissingBean(name = NAME)
    org.springframework.boot.actuate.health.HealthIndicator likenessHealthIndicator(
        BaseModel base, ObjectProvider<GenerationQueue> queue) {
      LikenessHealth health = new LikenessHealth(base, queue.getIfUnique());
      return () -> {
        LikenessHealth.Findings found = health.examine();
        return (found.problem() == null
                ? org.springframework.boot.actuate.health.Health.up()
                : org.springframework.boot.actuate.health.Health.down()
                    .withDetail(PROBLEM, found.problem()))
            .withDetails(found.details())
            .build();
      };
    }
  }

  /** Spring Boot 4.0. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(org.springframework.boot.health.contributor.HealthIndicator.class)
  static class Boot4 {
    @Bean
    @ConditionalOnMissingBean(name = NAME)
    org.springframework.boot.health.contributor.HealthIndicator likenessHealthIndicator(
        BaseModel base, ObjectProvider<GenerationQueue> queue) {
      LikenessHealth health = new LikenessHealth(base, queue.getIfUnique());
      return () -> {
        LikenessHealth.Findings found = health.examine();
        return (found.problem() == null
                ? org.springframework.boot.health.contributor.Health.up()
                : org.springframework.boot.health.contributor.Health.down()
                    .withDetail(PROBLEM, found.problem()))
            .withDetails(found.details())
            .build();
      };
    }
  }
}
