# 两条主要命令：make demo（一通真实的电话）和 make test（全部测试）。其余见 make help。
PYTHON ?= python3
PREPARE = $(PYTHON) -m ivr.prepare
IVR = .venv/bin/ivr
SUITES = tests/unit tests/contract tests/e2e

.PHONY: help demo run test scenarios check prepare prepare-talk lock clean distclean

help:
	@echo "make demo      准备一切，打一通真实的电话，看着它变成工单并转到人工"
	@echo "make run       准备一切，启动整条线路，直到 Ctrl-C"
	@echo "make test      准备一切，运行全部测试"
	@echo "make scenarios 全部模拟来电人用文字走一遍，打印各项比例"
	@echo "make check     ruff、mypy、import-linter"
	@echo "make prepare   只做准备"
	@echo "make prepare-talk  准备 ivr talk：用麦克风和扬声器通话"
	@echo "make lock      按 requirements/*.in 重新生成锁定文件"
	@echo "make clean     删掉准备好的东西（工单、录音、密钥留下）；make distclean 连 var/ 也删掉"

demo:
	@$(PREPARE) all
	@$(IVR) demo

run:
	@$(PREPARE) all
	@$(IVR) up

test:
	@$(PREPARE) test
	.venv/bin/python -m pytest $(SUITES) $(PYTEST_ARGS)

scenarios:
	@$(PREPARE) all
	$(IVR) simulate tests/scenarios tests/scenarios/own $(SIMULATE_ARGS)

check:
	@$(PREPARE) checks
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

prepare:
	@$(PREPARE) all

prepare-talk:
	@$(PREPARE) talk

lock:
	@$(PREPARE) --only uv
	@$(PYTHON) -m ivr.prepare.lock

clean:
	rm -rf .venv .venv-rasa .tools var/models var/rasa-cache var/tmp var/home
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis ivr.egg-info

distclean: clean
	rm -rf var
