.PHONY: run test
run test:
	@./monitor.sh $@
